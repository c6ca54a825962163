"""What goes between `core.child_process` and its child: messages of a pickled head, which says how many batches of
items follow, and the batches. Each part is preceded by its length in bytes (four bytes, big-endian)."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import HunterError

LENGTH = struct.Struct(">I")
READY = LENGTH.pack(0)
"""What the child says first."""
BATCH_ITEMS = 50
"""Items that are pickled at once: hunts of a usual size take about 2 ms."""


@dataclass(frozen=True)
class Batched:
    """A result with many items, which the parent unpickles a few at a time."""

    head: Any
    items: Sequence[Any]


@dataclass(frozen=True)
class Call:
    function: Callable[..., Any]
    """Importable by its name. Its last argument is the tuple of the call's items, if `has_items`."""
    arguments: tuple[Any, ...]
    has_items: bool
    cpu_s: float
    memory_bytes: int


@dataclass(frozen=True)
class CallResult:
    value: Any = None
    """What the function returned; of a Batched its head."""
    batched: bool = False
    error: HunterError | None = None
    trace: str = ""
    """Of an exception that nobody expected."""
    retires: bool = False
    """The child ends after this; the next call needs another."""


def batches(items: Sequence[Any]) -> Iterator[bytes]:
    for start in range(0, len(items), BATCH_ITEMS):
        yield pickle.dumps(items[start : start + BATCH_ITEMS], pickle.HIGHEST_PROTOCOL)


def head_of(value: Call | CallResult, items: Sequence[Any]) -> bytes:
    return pickle.dumps((value, -(-len(items) // BATCH_ITEMS)), pickle.HIGHEST_PROTOCOL)
