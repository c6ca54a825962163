"""Names and texts use the field's words: no metaphors, no `_most`, no bare participles as names of functions.

One class name means one thing. A message says what to write instead.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

from tests.house.tree import ROOMS, ROOT, files, parsed

PARTS = {
    "most": "MAX_… (most_common and at_most are allowed)",
    "least": "MIN_…",
    "tell": "publish, record or report",
    "tells": "publish, record or report",
    "told": "publish, record or report",
    "mend": "fix or repair",
    "mended": "fixed or repaired",
    "announce": "publish",
    "aside": "name what it does",
    "chronicle": "records",
    "fleet": "cluster",
    "patience": "timeout or retry policy",
    "manner": "config",
    "beat": "heartbeat",
    "lane": "limiter or queue",
    "door": "name what it guards",
    "keeper": "store",
    "workbench": "service",
    "heed": "name the action",
}
"""Parts of a name between underscores or capitals, and what to write instead."""
ALLOWED_NAMES = {
    "most_common": "of collections.Counter",
    "at_most": "a word of the criteria that the simulated judge understands",
    "in_flight_most": "a field of the simulated provider's counters",
    "least_breaks": "a field of the API",
}
PARTICIPLES = {
    "asked", "shown", "kept", "translated", "settled", "sealed", "spliced", "walked", "wanted", "written", "taken",
    "given", "announced", "left", "lost", "sent", "told", "held", "gone", "done", "chosen", "carried",
}  # fmt: skip
TEXTS = {
    r"\b(?:is|are) refused with a sentence\b": "is rejected with an error",
    r"\bstands? in for\b": "replaces",
    r"\bmend(?:s|ed|ing)?\b": "fix",
    r"\bsigns? of life\b": "keep-alive or heartbeat",
    r"\bcannot be meant\b": "is invalid",
    r"\bNo \w+ is of this kind\b": "No … match this filter",
    r"\bto before\b(?=[.)]|$)": "vs. previous period",
    r"\b(?:go|goes|went|gone|going) on\b": "continue",
    r"\bst(?:ands?|ood) (?:first|in|beside|behind|below|above|there|where|after|before|under|together|apart)\b": (
        "is, appears or follows"
    ),
    r"\btells? (?:of|what|how|whether|where|which|why)\b": "report, describe or show",
    r"\bhand(?:s|ed|ing)? on\b": "pass on",
    r"\b(?:is|are|was|were) looked (?:at|for)\b": "is checked, inspected or searched",
    r"\banew\b": "again",
    r"\b(?:is|are) dear\b|\bdearest\b": "expensive",
    r"\bcan(?:not)? be had\b|\bcould not be had\b": "available, or the action that failed",
    r"\b[Ww]hoever\b": "name the actor",
    r"\blast words\b": "log or output",
    r"\bputs? (?:back|things in order)\b": "restore or clean up",
    r"\b(?:is|all is|are) well\b(?! |-)": "healthy or successful",
    r"\blet(?:s|ting)? (?:others in|go of)\b": "allow access, or release",
    r"\bWho may come in\b|\bdoors?\b": "access control, or name the check",
    r"\bat so many\b|\bfor so long\b": "a maximum, minimum or timeout",
    r"\bgiven out\b|\bgives? out\b": "publish, return or assign",
    r"\bNot chosen\b": "Rejected",
}
"""In texts for people: errors, hints, docstrings, the page, the command line, the documentation, deploy scripts."""
DOCUMENTS = sorted(
    path
    for pattern in (
        "*.md", "docs/**/*.md", "nginx/**/*.md", "nginx/**/*.conf", "nginx/pages/*.html", "deploy.sh", "deploy/*.sh",
        "tools/*.sh", "Makefile", ".env.example", "*.yml", "*.toml", "*.service", "Dockerfile*", "requirements/*.in",
    )
    for path in ROOT.glob(pattern)
)  # fmt: skip


def parts(name: str) -> list[str]:
    """`SessionStore.save_hunt` consists of session, store, save and hunt."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_").split("_")


def names(tree: ast.AST) -> Iterator[str]:
    """What other code sees: functions, classes, parameters, attributes and constants. Local variables are free."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
        if isinstance(node, ast.Module | ast.ClassDef):
            assigned = (step for step in node.body if isinstance(step, ast.Assign | ast.AnnAssign))
            yield from (n.id for step in assigned for n in ast.walk(step) if _is_stored(n))


def _is_stored(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def bad_names(named: Iterable[str]) -> set[str]:
    """`name: what to write instead`."""
    found = {(name, part) for name in named if name.strip("_") not in ALLOWED_NAMES for part in parts(name)}
    return {f"{name}: {PARTS[part]}" for name, part in found if part in PARTS}


def faults_of_tests(tree: ast.AST) -> set[str]:
    """In tests: the words of PARTS in names, except most and least, which a sentence may need; and TEXTS in the names of
    tests and in docstrings."""
    named = list(names(tree))
    bad = {message for message in bad_names(named) if not message.endswith((PARTS["most"], PARTS["least"]))}
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    sentences = {name: name.replace("_", " ") for name in named if name.startswith("test_")}
    sentences |= {
        f"docstring of {getattr(node, 'name', 'the module')}": ast.get_docstring(node) or ""
        for node in ast.walk(tree)
        if isinstance(node, documented)
    }
    return bad | {f"{name}: {message}" for name, text in sentences.items() for message in bad_texts(text)}


def participles(tree: ast.AST) -> set[str]:
    """Public functions whose whole name is a participle: name the action, or the thing that is returned."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name for node in functions if node.name in PARTICIPLES and not _is_property(node)}


def _is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(decorator).endswith("property") for decorator in function.decorator_list)


def names_in_script(text: str) -> set[str]:
    """Functions, classes, constants and methods of a script of the page."""
    declared = re.findall(r"\b(?:function\*?|class|const(?=\s+[A-Z]))\s+(#?[A-Za-z_$][\w$]*)", text)
    return {name.lstrip("#") for name in (*declared, *re.findall(r"(?m)^  (?:async )?(#?\w+)\([^)\n]*\) \{$", text))}


def texts(tree: ast.AST) -> Iterator[str]:
    """Text literals, docstrings included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


def bad_texts(text: str) -> set[str]:
    return {f"{found[0]}: {instead}" for pattern, instead in TEXTS.items() for found in re.finditer(pattern, text)}


def same_classes(trees: Iterable[tuple[str, ast.Module]]) -> dict[str, list[str]]:
    """Public classes of one name in several places."""
    places = defaultdict(list)
    for place, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(place)
    return {name: where for name, where in places.items() if len(where) > 1}


@pytest.fixture(scope="module")
def code() -> dict[str, ast.Module]:
    return {_place(p): parsed(p) for p in files(".py", folders=(*ROOMS, "tools"))}


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_names_are_the_fields_words(code: dict[str, ast.Module]) -> None:
    found = {place: bad_names([*names(tree), Path(place).stem]) for place, tree in code.items()}
    assert {place: bad for place, bad in found.items() if bad} == {}


def test_names_of_the_page_are_the_fields_words() -> None:
    scripts = {_place(p): names_in_script(p.read_text(encoding="utf-8")) for p in files(".js", folders=("api",))}
    assert sum(map(len, scripts.values())) > 100
    assert {place: bad for place, named in scripts.items() if (bad := bad_names(named))} == {}


def test_names_in_tests_are_plain_english() -> None:
    tests = {_place(p): parsed(p) for p in files(".py", folders=("tests",))}
    assert len(tests) > 300
    tests.pop("tests/house/test_vocabulary.py")
    assert {place: bad for place, tree in tests.items() if (bad := faults_of_tests(tree))} == {}


def test_no_public_function_is_named_with_a_bare_participle(code: dict[str, ast.Module]) -> None:
    assert {place: bad for place, tree in code.items() if (bad := participles(tree))} == {}


def test_texts_are_in_plain_words(code: dict[str, ast.Module]) -> None:
    found = {place: bad_texts("\n".join(texts(tree))) for place, tree in code.items()}
    found |= {_place(path): bad_texts(path.read_text(encoding="utf-8")) for path in DOCUMENTS}
    found |= {
        _place(p): bad_texts(p.read_text(encoding="utf-8")) for p in files(".js", ".html", ".css", folders=("api",))
    }
    assert {place: bad for place, bad in found.items() if bad} == {}


def test_a_class_name_means_one_thing(code: dict[str, ast.Module]) -> None:
    assert same_classes(code.items()) == {}


@pytest.mark.parametrize(
    ("source", "bad"),
    [
        ("MOST_HUNTS = 1", {"MOST_HUNTS: MAX_… (most_common and at_most are allowed)"}),
        ("class TellTale: pass", {"TellTale: publish, record or report"}),
        ("def f(manner): pass", {"manner: config"}),
        ("self._fleet = 1", {"_fleet: cluster"}),
        ("def almost(least_breaks): at_most = 1", set()),
    ],
)
def test_a_bad_name_is_seen_and_the_message_says_what_to_write(source: str, bad: set[str]) -> None:
    assert bad_names(names(ast.parse(source))) == bad


@pytest.mark.parametrize(
    ("source", "bad"),
    [
        ("def test_a_run_goes_on(): pass", {"test_a_run_goes_on: goes on: continue"}),
        ("def test_a_port_is_told(): pass", {"test_a_port_is_told: publish, record or report"}),
        ("class Told: pass", {"Told: publish, record or report"}),
        ('def test_a(): "Hunts go on."', {"docstring of test_a: go on: continue"}),
        ("def test_at_most_most_recent(least): pass", set()),
    ],
)
def test_a_bad_name_in_tests_is_seen(source: str, bad: set[str]) -> None:
    assert faults_of_tests(ast.parse(source)) == bad


def test_a_bad_name_of_the_page_is_seen() -> None:
    script = "const MOST = 1;\nclass A {\n  tellOf(x) {\n  }\n}"
    assert {bad.split(":")[0] for bad in bad_names(names_in_script(script))} == {"MOST", "tellOf"}


def test_a_bare_participle_is_seen_but_not_a_property() -> None:
    assert participles(ast.parse("def asked(): pass\n@property\ndef kept(self): pass\ndef _sent(): pass")) == {"asked"}


def test_a_bad_text_is_seen() -> None:
    assert bad_texts("It is refused with a sentence.") == {"is refused with a sentence: is rejected with an error"}
    assert bad_texts("The provider rejected the request.") == set()


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("Hunts go on.", "Hunts continue."),
        ("Raised ones stand first.", "Raised alarms appear first."),
        ("docs/simulated.md tells what it can say.", "docs/simulated.md lists the options."),
        ("nginx hands on the address.", "nginx passes on the address."),
        ("Each redirect is looked at.", "Each redirect is checked."),
        ("Write the criteria anew.", "Rewrite the criteria."),
        ("A small body is dear.", "A small body is expensive."),
        ("The preview cannot be had now.", "Couldn't load the preview."),
        ("Whoever owned it records it.", "The process that owned it records it."),
        ("its last words are above", "its log is above"),
        ("It puts things in order.", "It cleans up."),
        ("exit code 0 when all is well", "exits with 0 if everything is healthy"),
        ("0.0.0.0 lets others in.", "0.0.0.0 allows remote access."),
        ("### Added: Who may come in", "### Added: access control"),
        ("It stops at so many breaks.", "It stops after this many breaks."),
        ("An outcome is given out later.", "An outcome is published later."),
        ("**Not chosen.** A script.", "**Rejected.** A script."),
    ],
)
def test_a_riddle_is_seen_and_plain_english_is_not(bad: str, good: str) -> None:
    assert bad_texts(bad)
    assert bad_texts(good) == set()


def test_two_classes_of_one_name_are_seen() -> None:
    twice = [(place, ast.parse("class A: pass\nclass _B: pass")) for place in ("one.py", "two.py")]
    assert same_classes(twice) == {"A": ["one.py", "two.py"]}
