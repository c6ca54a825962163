"""What our code must not contain: long files, hidden settings, swallowed errors, paths of one machine."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOMS, ROOT, files, parsed

MAX_FILE_LINES = 450
MAX_SCRIPT_LINES = 250
READS_THE_ENVIRONMENT = ROOT / "core" / "settings" / "environment.py"
ENVIRONMENT_NAMES = {"environ", "environb", "getenv", "getenvb"}
READERS = ("environ", "getenv", "dotenv", "decouple")
"""One of these is in every line that reads it."""
MAX_POSITIONAL_ARGUMENTS = 6
A_PERSONS_FOLDER = re.compile(r"/(?:home|Users)/[a-z]\w*/|/root/|[A-Z]:\\Users")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def reads_of_environment(tree: ast.AST) -> list[int]:
    """Lines that take os.environ or os.getenv, however imported."""
    return sorted({node.lineno for node in ast.walk(tree) if _names_the_environment(node)})


def _names_the_environment(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="os" | "posix"), attr=name):
            return name in ENVIRONMENT_NAMES
        case ast.ImportFrom(module="os" | "posix", names=names):
            return any(alias.name in ENVIRONMENT_NAMES for alias in names)
        case ast.Import(names=names):
            return any(alias.name in {"dotenv", "decouple", "environs"} for alias in names)
        case ast.ImportFrom(module="dotenv"):
            return True
    return False


def swallowed_errors(tree: ast.AST) -> list[int]:
    """Lines of `except:`, and of `except Exception:` whose whole answer is `pass`."""
    handlers = (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler))
    return [handler.lineno for handler in handlers if handler.type is None or _swallows_everything(handler)]


def _swallows_everything(handler: ast.ExceptHandler) -> bool:
    broad = isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    return broad and all(isinstance(step, ast.Pass | ast.Continue) for step in handler.body)


def trees(*folders: str, words: tuple[str, ...] = ("",)) -> Iterator[tuple[Path, ast.Module]]:
    """Of the files that have one of the words in them: only these are parsed."""
    for path in files(".py", folders=folders):
        text = path.read_text(encoding="utf-8")
        if any(word in text for word in words):
            yield path, parsed(path)


def test_no_file_is_too_long_to_read_in_one_sitting() -> None:
    lengths = {name_of(path): _lines(path) for path in files(".py", ".js", ".css", ".sh", ".lua", ".html")}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_no_script_of_the_page_is_longer_than_its_subject() -> None:
    lengths = {name_of(path): _lines(path) for path in files(".js", folders=("api",))}
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > MAX_SCRIPT_LINES} == {}


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_only_the_settings_read_the_environment() -> None:
    found = {name_of(path): reads_of_environment(tree) for path, tree in trees(*ROOMS, words=READERS)}
    found.pop(name_of(READS_THE_ENVIRONMENT), None)
    found.pop("core/env_file.py", None)  # puts what .env says into it, for the settings to read
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_no_error_is_swallowed() -> None:
    found = {name_of(path): swallowed_errors(tree) for path, tree in trees(*ROOMS, "tools", "tests", words=("except",))}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_no_constructor_has_too_many_positional_arguments() -> None:
    found = {name_of(path): long_argument_lists(tree) for path, tree in trees(*ROOMS)}
    assert {name: lines for name, lines in found.items() if lines} == {}


def long_argument_lists(tree: ast.AST) -> list[int]:
    """Lines of constructors with more than six positional parameters (without self), and of calls with more than six
    positional arguments: a dataclass may have more fields, but is then built with their names."""
    return sorted(node.lineno for node in ast.walk(tree) if _positional(node) > MAX_POSITIONAL_ARGUMENTS)


def _positional(node: ast.AST) -> int:
    match node:
        case ast.FunctionDef(name="__init__", args=given):
            return len(given.posonlyargs) + len(given.args) - 1
        case ast.Call(args=given):
            return len(given)
    return 0


@pytest.mark.parametrize("code", ["class A:\n def __init__(self, b, c, d, e, f, g, h): pass", "A(1, 2, 3, 4, 5, 6, 7)"])
def test_a_long_argument_list_is_seen(code: str) -> None:
    assert long_argument_lists(ast.parse(code)) != []
    assert long_argument_lists(ast.parse(code.replace(", h", ", *, h").replace("7", "h=7"))) == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    ours = files(".py", ".js", ".sh", ".toml", ".conf", ".ipynb", ".md")
    found = [name_of(path) for path in ours if A_PERSONS_FOLDER.search(path.read_text(encoding="utf-8"))]
    assert [name for name in found if name != name_of(Path(__file__))] == []


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.environ['A']",
        "import os\nos.getenv('A')",
        "from os import environ",
        "from os import getenv as g",
    ],
)
def test_every_way_of_reading_the_environment_is_seen(code: str) -> None:
    assert reads_of_environment(ast.parse(code)) != []


@pytest.mark.parametrize(
    ("answer", "seen"),
    [("except:\n pass", True), ("except Exception:\n pass", True), ("except OSError:\n pass", False)],
)
def test_a_swallowed_error_is_seen(answer: str, seen: bool) -> None:
    assert (swallowed_errors(ast.parse(f"try:\n go()\n{answer}")) != []) is seen
