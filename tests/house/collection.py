"""What makes the collection of ten thousand tests cheap, and the garbage collection during them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator

import pytest

from core.garbage import collect_rarely, collection_paused

# jsonschema's check of the format "iri" compiles forty grammars at its import (a second of CPU in every worker, with
# altair). No schema of ours has that format, and what is deployed does not have this package.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Tests and their modules stay to the end: no look for garbage has to go through them, as in a server."""
    with collection_paused():
        collected = yield
    collect_rarely()
    return collected


def pytest_unconfigure() -> None:
    """Extension modules (DuckDB's) report what is left of them at the interpreter's end."""
    gc.unfreeze()
