"""Selects the files to read first: the newest days, each as a whole, up to about one reading's worth.

A long log opens with the days that most people want; older days follow. Days stay whole, so that there is a day from
which on everything has been read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from core.telemetry.file_names import day_of
from core.telemetry.tail import Fresh

PACKED_RATIO = 8
"""Estimated compression ratio of compressed files."""


def newest_first(fresh: Sequence[Fresh], max_bytes: int | None) -> tuple[list[Fresh], list[Fresh]]:
    """The files to read now, oldest first, and the waiting ones. At least one day is read, however large; None:
    everything."""
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
    """Approximate number of new bytes; of a compressed file always all of it."""
    if one.path.suffix == ".gz":
        return one.start.size_bytes * PACKED_RATIO
    return one.start.size_bytes - one.start.offset_bytes


def newest_day(waiting: Sequence[Fresh]) -> date | None:
    """All later days have been read."""
    return max(map(_day, waiting), default=None)


def _day(one: Fresh) -> date:
    return day_of(one.path.name) or date.min
