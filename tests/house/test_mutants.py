"""`make mutants` changes every function of the rules, runs the tests that mirror it, and says what survives."""

import functools
import re
import subprocess
import sys
import textwrap
import time
import tomllib

import pytest

from tests.house.tree import ROOT
from tools.mutants import (
    LISTED,
    MORE_TESTS,
    Change,
    Child,
    Mutant,
    changed_sources,
    files_with_functions,
    mirrors_of,
    read_listed,
    replace_code,
    report,
)

CHANGE = Change("core.domain.ids._private", "return 2")
KILLED = Mutant("core.domain.ids", Change("core.domain.ids.hunt_id", "return 1"), killed=True)
SURVIVED = Mutant("core.domain.ids", CHANGE, killed=False)
KILLED_TOO = Mutant("core.domain.ids", Change("core.domain.ids._private", "return 3"), killed=True)
SOURCE = textwrap.dedent("""
    class Box:
        @property
        def room(self):
            return (
                self.size
                + 1
            )

    def named(name, greeting="hi", *, times=2):
        match name:
            case "":
                return None
            case _:
                return greeting * times
""")


def test_every_function_is_changed_properties_too_and_a_change_is_what_its_lines_become():
    changes = [source.change for source in changed_sources("m", SOURCE)]
    assert changes[:2] == [Change("m.Box.room", "self.size - 1"), Change("m.Box.room", "+ 2")]
    assert {change.function for change in changes} == {"m.Box.room", "m.named"}
    assert Change("m.named", "return greeting / times") in changes
    assert Change("m.named", 'without:\ncase "":\nreturn None') in changes


def test_a_changed_source_differs_in_its_change_only():
    texts = {source.change.becomes: source.text for source in changed_sources("m", SOURCE)}
    assert texts["+ 2"] == SOURCE.replace("+ 1", "+ 2")
    assert texts["return greeting / times"] == SOURCE.replace("g * t", "g / t")
    for text in texts.values():
        compile(text, "m", "exec")


def test_a_function_gets_the_changed_code_and_the_changed_defaults_wherever_it_is():
    namespace: dict[str, object] = {}
    exec(compile(SOURCE, "m", "exec"), namespace)
    named = namespace["named"]
    found = set()
    for source in changed_sources("m", SOURCE):
        if source.name == "named":
            replace_code(named, source)
            try:
                found.add(named("x"))
            except TypeError:
                found.add("fails")
    assert {"XXhiXXXXhiXX", "hihihi", "HIHI", "fails", None} <= found


def test_a_child_that_uses_too_much_cpu_has_no_result_and_one_that_raises_says_why():
    assert Child(functools.partial(sum, (1, 2))).result() == 3
    with pytest.raises(ChildProcessError, match="no number"):
        Child(functools.partial(int, "no number")).result()
    began_s = time.process_time()
    assert Child(functools.partial(sum, iter(int, 1)), cpu_s=1).result() is None
    assert time.process_time() - began_s < 1


@pytest.mark.parametrize(
    ("mutants", "listed", "passes", "said"),
    [
        ([KILLED], [], True, "1 of 1 killed (100.0%), 0 listed as survivors."),
        ([KILLED] * 19 + [SURVIVED], [CHANGE], True, "19 of 20 killed (95.0%), 1 listed as survivors."),
        ([KILLED] * 18 + [SURVIVED], [CHANGE], False, "Fewer than 95% were killed."),
        ([KILLED] * 19 + [SURVIVED], [], False, "Survived and not listed: core.domain.ids._private\n    return 2"),
        (
            [KILLED, KILLED_TOO],
            [CHANGE],
            False,
            "Listed in mutants.toml but killed: core.domain.ids._private\n    return 2",
        ),
        ([KILLED], [CHANGE], True, "1 of 1 killed (100.0%), 0 listed as survivors."),
        ([], [], False, "Fewer than 95% were killed."),
    ],
)
def test_too_few_killed_unlisted_survivors_and_unneeded_entries_fail(mutants, listed, passes, said):
    text, has_passed = report(mutants, frozenset(listed))
    assert has_passed is passes
    assert said in text


def test_every_file_that_is_changed_has_the_tests_that_mirror_it():
    files = files_with_functions()
    assert len(files) > 50
    assert set(MORE_TESTS) <= set(files)
    assert [name for file in files for name in mirrors_of(file) if not (ROOT / name).exists()] == []


def test_every_unnoticed_change_has_a_reason_and_a_function_that_exists():
    text = LISTED.read_text(encoding="utf-8")
    assert read_listed(text)
    for entry in tomllib.loads(text)["unnoticed"]:
        module, _, function = entry["function"].rpartition(".")
        path = next(
            p for m in (module, module.rpartition(".")[0]) if (p := ROOT / f"{m.replace('.', '/')}.py").exists()
        )
        assert f"def {function}(" in path.read_text(encoding="utf-8")
        assert len(entry["reason"]) > 10


@pytest.mark.slow
def test_the_mutants_of_a_small_module_are_killed_by_its_tests():
    """With one worker, in a process of its own: it imports the module and never runs a test in itself."""
    run = subprocess.run(
        [sys.executable, "-m", "tools.mutants", "--workers", "1", "core.domain.ids"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert re.search(r"(\d+) of +\1 killed  core\.domain\.ids\n", run.stdout)
