"""The example tasks that come with the product: `examples/*.ipynb`, by file name without the ending."""

from __future__ import annotations

import json
from pathlib import Path

from core.distribution import data_path
from core.domain.value import Value
from core.errors import NotFound
from core.notebooks.document import Bounds
from core.notebooks.parse import parse_notebook

FOLDER = data_path("examples")
ABOUT_CHARS = 140
MAX_OURS_BYTES = 1024 * 1024


class Example(Value):
    name: str
    title: str
    about: str
    """The beginning of its prompt."""


def list_examples() -> tuple[Example, ...]:
    """Every example, by name."""
    return tuple(_shown(path) for path in sorted(FOLDER.glob("*.ipynb")))


def read_example(name: str) -> bytes:
    """The notebook of that name. Raises NotFound that lists the names there are."""
    known = {path.stem: path for path in FOLDER.glob("*.ipynb")}
    if name not in known:
        raise NotFound(f"No example is named {name[:60]}.", hint=f"Choose one of {', '.join(sorted(known))}.")
    return known[name].read_bytes()


def _shown(path: Path) -> Example:
    raw = path.read_bytes()
    title = json.loads(raw).get("metadata", {}).get("title") or path.stem.replace("-", " ").capitalize()
    prompt = " ".join(parse_notebook(raw, Bounds(MAX_OURS_BYTES)).task.prompt.split())
    return Example(name=path.stem, title=title, about=prompt[:ABOUT_CHARS])
