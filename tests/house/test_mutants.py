"""`make mutants` counts what mutmut says, and every file that is changed has the tests that mirror it."""

import tomllib

import pytest

from tests.house.tree import ROOT
from tools.mutants import LISTED, Change, Mutant, change_in, read_listed, read_results, report

RESULTS = """
    core.domain.ids.x_hunt_id__mutmut_1: killed
    core.domain.ids.x__private__mutmut_12: survived
    core.domain.run.xǁTallyǁcounts__mutmut_3: timeout
    core.domain.run.xǁ_Sumǁ__init____mutmut_2: no tests
"""
KILLED = Mutant("core.domain.ids.x_hunt_id__mutmut_1", "core.domain.ids", "core.domain.ids.hunt_id", "killed")
SURVIVED = Mutant("core.domain.ids.x__private__mutmut_12", "core.domain.ids", "core.domain.ids._private", "survived")
KILLED_TOO = Mutant("core.domain.ids.x__private__mutmut_13", "core.domain.ids", "core.domain.ids._private", "killed")
CHANGE = Change("core.domain.ids._private", "return 2")
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]


def test_results_name_the_function_that_was_changed():
    assert read_results(RESULTS) == [
        KILLED,
        SURVIVED,
        Mutant(
            "core.domain.run.xǁTallyǁcounts__mutmut_3", "core.domain.run", "core.domain.run.Tally.counts", "timeout"
        ),
        Mutant(
            "core.domain.run.xǁ_Sumǁ__init____mutmut_2", "core.domain.run", "core.domain.run._Sum.__init__", "no tests"
        ),
    ]


def test_a_change_is_what_the_lines_become():
    diff = "# x: survived\n--- a\n+++ b\n@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return 2\n"
    assert change_in(SURVIVED, diff) == CHANGE


@pytest.mark.parametrize(
    ("mutants", "listed", "well", "said"),
    [
        ([KILLED], [], True, "1 of 1 killed (100.0%), 0 listed as survivors."),
        ([KILLED] * 19 + [SURVIVED], [CHANGE], True, "19 of 20 killed (95.0%), 1 listed as survivors."),
        ([KILLED] * 18 + [SURVIVED], [CHANGE], False, "Fewer than 95% were killed."),
        ([KILLED] * 19 + [SURVIVED], [], False, f"Survived and not listed: {SURVIVED.id}\n    return 2"),
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
def test_too_few_killed_unlisted_survivors_and_unneeded_entries_fail(mutants, listed, well, said):
    text, is_well = report(mutants, {m.id: CHANGE for m in mutants if m is SURVIVED}, frozenset(listed))
    assert is_well is well
    assert said in text


def test_every_file_that_is_changed_is_checked_by_the_tests_that_mirror_it():
    files = sorted(
        {path for pattern in CONFIG["only_mutate"] for path in ROOT.glob(pattern) if "def " in path.read_text()}
    )
    assert len(files) > 20
    tests = {
        path
        for word in CONFIG["pytest_add_cli_args_test_selection"]
        for path in [ROOT / word, *(ROOT / word).glob("test_*.py")]
    }
    mirrors = [ROOT / "tests" / file.parent.relative_to(ROOT) / f"test_{file.name}" for file in files]
    assert [mirror for mirror in mirrors if not mirror.exists() or mirror not in tests] == []


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
