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

from tests.house.tree import ROOMS, ROOT, files

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
}
"""In texts for people: errors, hints, the page, the command line, the documentation."""
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


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
    return {_place(p): ast.parse(p.read_text(encoding="utf-8")) for p in files(".py", folders=(*ROOMS, "tools"))}


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_names_are_the_fields_words(code: dict[str, ast.Module]) -> None:
    found = {place: bad_names([*names(tree), Path(place).stem]) for place, tree in code.items()}
    assert {place: bad for place, bad in found.items() if bad} == {}


def test_names_of_the_page_are_the_fields_words() -> None:
    scripts = {_place(p): names_in_script(p.read_text(encoding="utf-8")) for p in files(".js", folders=("api",))}
    assert sum(map(len, scripts.values())) > 100
    assert {place: bad for place, named in scripts.items() if (bad := bad_names(named))} == {}


def test_no_public_function_is_named_with_a_bare_participle(code: dict[str, ast.Module]) -> None:
    assert {place: bad for place, tree in code.items() if (bad := participles(tree))} == {}


def test_texts_are_in_plain_words(code: dict[str, ast.Module]) -> None:
    found = {place: bad_texts("\n".join(texts(tree))) for place, tree in code.items()}
    found |= {_place(path): bad_texts(path.read_text(encoding="utf-8")) for path in DOCUMENTS}
    found |= {_place(p): bad_texts(p.read_text(encoding="utf-8")) for p in files(".js", ".html", folders=("api",))}
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


def test_a_bad_name_of_the_page_is_seen() -> None:
    script = "const MOST = 1;\nclass A {\n  tellOf(x) {\n  }\n}"
    assert {bad.split(":")[0] for bad in bad_names(names_in_script(script))} == {"MOST", "tellOf"}


def test_a_bare_participle_is_seen_but_not_a_property() -> None:
    assert participles(ast.parse("def asked(): pass\n@property\ndef kept(self): pass\ndef _sent(): pass")) == {"asked"}


def test_a_bad_text_is_seen() -> None:
    assert bad_texts("It is refused with a sentence.") == {"is refused with a sentence: is rejected with an error"}
    assert bad_texts("The provider rejected the request.") == set()


def test_two_classes_of_one_name_are_seen() -> None:
    twice = [(place, ast.parse("class A: pass\nclass _B: pass")) for place in ("one.py", "two.py")]
    assert same_classes(twice) == {"A": ["one.py", "two.py"]}
