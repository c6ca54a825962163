"""No make target, option, setting, variable, function or class exists that nothing reads but tests."""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli.options import parser as command_line
from core.settings import table
from core.settings.deprecated import RENAMED, WITHOUT_EFFECT, constants
from tests.house.test_makefile import MAKEFILE
from tests.house.tree import ROOMS, ROOT, files, parsed

COMPOSE = [ROOT / "docker-compose.yml", ROOT / "docker-compose.tls.yml"]
CALLED_BY_LIBRARIES = {
    "connection_made", "data_received", "connection_lost", "on_broken_pipe", "validateLink",
    "build_response_object", "field_is_required", "down_revision",
    "handle_async_request", "pytest_runtestloop",
}  # fmt: skip
"""Methods of asyncio's protocols, httpx, pytest, rich, markdown-it, quart-schema and pydantic that we override, and a name that
Alembic reads."""
OFFERED = {
    "forecast", "mcnemar", "krippendorff_alpha", "effective_votes", "sensitivity", "specificity",
}  # fmt: skip
"""Statistics that a feature may use (docs/statistics.md)."""
NOT_CALLED_BY_OTHERS = {"property", "classmethod", "staticmethod", "abstractmethod", "cache", "contextmanager"}
"""Decorators after which a name still has to be read by somebody; others register it (routes, validators)."""
SCRIPTS = [ROOT / "deploy.sh", *sorted((ROOT / "deploy").glob("*.sh")), *sorted((ROOT / "nginx").rglob("*.sh"))]


def attributes_read(tree: ast.AST) -> set[str]:
    """Names behind a dot that are read, and names handed to getattr as text."""
    names = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)}
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "getattr")
    return names | {str(n.args[1].value) for n in calls if isinstance(n.args[1], ast.Constant)}


def read_in(*folders: str, apart_from: frozenset[str] = frozenset()) -> set[str]:
    paths = [p for p in files(".py", folders=folders) if p.relative_to(ROOT).as_posix() not in apart_from]
    return set().union(*(attributes_read(parsed(p)) for p in paths))


def names_defined(tree: ast.Module) -> Iterator[str]:
    """Functions, methods, classes, and what stands at the top of the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("__"):
            registered = {ast.unparse(decorator) for decorator in node.decorator_list} - NOT_CALLED_BY_OTHERS
            yield from () if registered else (node.name,)
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        yield from (target.id for target in targets if isinstance(target, ast.Name) and target.id != "__version__")


def names_read(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.alias(name=name) | ast.Attribute(attr=name):
                yield name
            case ast.Constant(value=str(name)) if name.isidentifier():
                yield name


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from parsers(inner)


def destinations(parser: argparse.ArgumentParser) -> set[str]:
    return {a.dest for p in parsers(parser) for a in p._actions if a.dest not in {"help", argparse.SUPPRESS}}


def unread_make_variables(makefile: str) -> set[str]:
    defined = set(re.findall(r"^([A-Z_]+) *[:?+]?=", makefile, re.MULTILINE))
    return {n for n in defined if n != "MAKEFLAGS" and not re.search(rf"\$[({{](?:if )?\$?\(?{n}\b", makefile)}


def words_for_programs(makefile: str) -> set[tuple[str, str]]:
    """(module, word) for each plain word that a recipe hands to `python -m module`."""
    found = re.findall(r"^\t.*\$\(VENV\) -m ((?:tests|tools|core)\b[\w.]*)(.*)$", makefile, re.MULTILINE)
    return {(m, w) for m, rest in found for w in re.findall(r"(?<=\s)(?:--)?[a-z][\w-]*", rest.split("$(VENV)")[0])}


def module_text(module: str) -> str:
    path = ROOT / module.replace(".", "/")
    paths = sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    return "\n".join(p.read_text(encoding="utf-8") for p in paths)


def test_every_word_that_make_hands_to_a_program_is_one_that_it_knows() -> None:
    words = words_for_programs(MAKEFILE)
    assert ("tests.benchmarks", "soak") in words
    unread = [(m, w) for m, w in sorted(words) if f'"{w}"' not in module_text(m)]
    assert unread == []


def test_every_variable_of_the_makefile_is_used_there() -> None:
    assert unread_make_variables(MAKEFILE) == set()


def test_every_program_that_make_starts_exists() -> None:
    scripts = set(re.findall(r"(?:bash|sh) ([\w/]+\.sh)", MAKEFILE))
    assert scripts
    assert [s for s in scripts if not (ROOT / s).is_file()] == []


def test_every_option_of_the_command_line_is_read() -> None:
    assert destinations(command_line()) - read_in("core/cli") == set()


@pytest.mark.parametrize("path", list(files(".py", folders=("tools", "tests/benchmarks"))), ids=lambda p: p.name)
def test_every_option_of_a_tool_is_read(path: Path) -> None:
    tree = parsed(path)
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func).endswith(".add_argument")]
    named = {
        str(a.value).lstrip("-").replace("-", "_") for n in calls for a in n.args[-1:] if isinstance(a, ast.Constant)
    }
    assert named - attributes_read(tree) == set()


def test_every_setting_is_read_outside_of_the_table() -> None:
    table_files = {p.relative_to(ROOT).as_posix() for p in files(".py", folders=("core/settings",))}
    names = {setting.name.rpartition(".")[2] for setting in table()}
    unread = names - read_in(*ROOMS, "tools", apart_from=frozenset(table_files))
    assert unread - read_in("core/settings") == set(), "nothing reads these"


def test_every_variable_of_compose_and_of_the_example_is_a_setting_or_read_by_compose_itself() -> None:
    known = {setting.row.variable for setting in (*table(), *constants())} | RENAMED.keys() | WITHOUT_EFFECT
    read_by_compose = set(re.findall(r"\$\{(\w+)[:}-]", "".join(p.read_text(encoding="utf-8") for p in COMPOSE)))
    shell = "".join(p.read_text(encoding="utf-8") for p in SCRIPTS)
    listed = set(re.findall(r"^ +- ([A-Z_]+)(?:=|$)", COMPOSE[0].read_text(encoding="utf-8"), re.MULTILINE))
    strangers = {v for v in listed if v not in known and not re.search(rf"\b{v}\b", shell)}
    assert strangers == {
        *("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"),  # read by httpx
        *("POSTGRES_DB", "POSTGRES_HOST_AUTH_METHOD"),  # read by the image of PostgreSQL
    }
    example = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert example - known - read_by_compose == set()


def test_every_name_of_the_product_is_read_by_the_product() -> None:
    trees = [parsed(path) for path in files(".py", folders=(*ROOMS, "tools"))]
    read = {name for tree in trees for name in names_read(tree)}
    unread = {name for tree in trees for name in names_defined(tree)} - read
    assert unread - OFFERED == CALLED_BY_LIBRARIES


def test_an_unused_name_is_reported() -> None:
    tree = ast.parse("A = 1\nB: int = 2\nclass C:\n @property\n def d(self): return A\n@route\ndef e(): C().f")
    assert set(names_defined(tree)) - set(names_read(tree)) == {"B", "d"}


def test_a_word_that_no_program_reads_is_seen() -> None:
    words = words_for_programs("x:\n\t@$(VENV) -m tests.benchmarks soaking --deep\n")
    assert words == {("tests.benchmarks", "soaking"), ("tests.benchmarks", "--deep")}
    assert all(f'"{word}"' not in module_text(module) for module, word in words)


def test_variables_and_options_that_nothing_reads_are_seen() -> None:
    assert unread_make_variables("A ?= 1\nB := 2\nC ?=\nx:\n\techo $(A) $(if $(C),--c)\n") == {"B"}
    parser = argparse.ArgumentParser()
    parser.add_subparsers().add_parser("inner").add_argument("--never-read")
    assert destinations(parser) - attributes_read(ast.parse("x.read\ny.never_read = 1")) == {"never_read"}
