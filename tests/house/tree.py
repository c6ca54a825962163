"""The files of the house, as the house tests look at them: what is ours, not what was made or installed."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("api", "core", "dashboard_app")
FOLDERS_WITH_CODE = (*ROOMS, "tools", "tests", "examples", "nginx")
NOT_OURS = {"__pycache__", "node_modules", "mutants", ".hypothesis"}


def files(*suffixes: str, root: Path = ROOT, folders: tuple[str, ...] = FOLDERS_WITH_CODE) -> Iterator[Path]:
    """Files with one of the suffixes, in a stable order."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file() and not NOT_OURS & set(path.parts):
                yield path


@cache
def parsed(path: Path) -> ast.Module:
    """The file's syntax tree, parsed once for all house tests of a process."""
    return ast.parse(path.read_text(encoding="utf-8"))


def packages(root: Path = ROOT, rooms: tuple[str, ...] = ROOMS) -> list[Path]:
    """Every folder of the rooms that holds Python files."""
    return sorted({path.parent for path in files(".py", root=root, folders=rooms)})
