"""Which new files come first: the newest days, a day as a whole, until there is about enough for one reading.

A large log opens with what most people look at; older days follow. Days stay whole, so that it can be said from which
day on everything has been read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from core.telemetry.names import day_of
from core.telemetry.tail import Fresh

PACKED_RATIO = 8
"""About so much larger is what is in a packed file."""


def newest_first(fresh: Sequence[Fresh], max_bytes: int | None) -> tuple[list[Fresh], list[Fresh]]:
    """What is read now, oldest first, and what waits. One day is read in any case, however large; None: all of it."""
    ordered = sorted(fresh, key=lambda one: (_day(one), one.path.name))
    if max_bytes is None:
        return ordered, []
    now: list[Fresh] = []
    size_bytes = 0
    for _, of_day in groupby(reversed(ordered), key=_day):
        if size_bytes and size_bytes >= max_bytes:
            break
        files = list(of_day)
        now = [*reversed(files), *now]
        size_bytes += sum(map(new_bytes, files))
    return now, ordered[: len(ordered) - len(now)]


def new_bytes(one: Fresh) -> int:
    """About how much there is to read; of a packed file always all of it."""
    if one.path.suffix == ".gz":
        return one.start.size_bytes * PACKED_RATIO
    return one.start.size_bytes - one.start.offset_bytes


def newest_day(waiting: Sequence[Fresh]) -> date | None:
    """Behind this day everything has been read."""
    return max(map(_day, waiting), default=None)


def _day(one: Fresh) -> date:
    return day_of(one.path.name) or date.min
