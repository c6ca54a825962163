"""Where finished notebooks go; looked at before anything is hunted: a hunt costs money, a place costs nothing."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from core.cli.sources import Source
from core.errors import BadInput


def places(sources: Sequence[Source], out: str) -> list[Path | None]:
    """The file of each notebook; None without `out`. Raises BadInput when that cannot work."""
    if not out:
        return [None] * len(sources)
    target = Path(out)
    if len(sources) == 1 and not target.is_dir():
        return [_writable(target)]
    if target.exists() and not target.is_dir():
        raise BadInput(f"{target} is a file, and there are {len(sources)} notebooks.", hint="Name a folder with --out.")
    twice = [name for name, n in Counter(source.name for source in sources).items() if n > 1]
    if twice:
        raise BadInput(
            f"Several notebooks are named {', '.join(twice)}: one would be written over the other.",
            hint="Hunt them one after the other, each with its own --out.",
        )
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{target} cannot be made: {error.strerror}.", hint="Write elsewhere with --out.") from error
    return [_writable(target / source.name) for source in sources]


def write_notebook(place: Path, notebook: bytes) -> None:
    """Write it whole. Raises BadInput that names where it was put instead when its place refuses it."""
    try:
        place.write_bytes(notebook)
    except OSError as error:
        handle, kept = tempfile.mkstemp(prefix="model-hunter-", suffix=".ipynb")
        with os.fdopen(handle, "wb") as file:
            file.write(notebook)
        raise BadInput(f"{place} cannot be written: {error.strerror}.", hint=f"The notebook is in {kept}.") from error


def _writable(place: Path) -> Path:
    if not place.parent.is_dir():
        raise BadInput(f"There is no folder {place.parent}.", hint="Make it first, or write elsewhere with --out.")
    if not os.access(place if place.exists() else place.parent, os.W_OK):
        raise BadInput(f"{place} cannot be written: no permission.", hint="Write elsewhere with --out.")
    return place
