"""Reads a command's notebooks: files, folders or stdin."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput


@dataclass(frozen=True)
class Source:
    name: str
    raw: bytes


def read_sources(paths: Sequence[str]) -> Iterator[Source]:
    """Yields each notebook; a folder yields its .ipynb files sorted by name. Raises BadInput for unreadable ones."""
    for path in paths:
        if path == "-":
            yield Source("stdin.ipynb", sys.stdin.buffer.read())
        elif Path(path).is_dir():
            yield from (_read(file) for file in _notebooks_in(Path(path)))
        else:
            yield _read(Path(path))


def _notebooks_in(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.ipynb"))
    if not found:
        raise BadInput(f"No .ipynb file in {folder}.", hint="Name a notebook, or another folder.")
    return found


def _read(path: Path) -> Source:
    try:
        return Source(path.name, path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", hint="Check the path.") from error
