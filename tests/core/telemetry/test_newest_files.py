"""Which files are read first: the newest days, each as a whole."""

from datetime import date
from pathlib import Path

import pytest

from core.telemetry.newest_files import PACKED_RATIO, new_bytes, newest_day, newest_first
from core.telemetry.tail import Fresh, Position


def fresh(day, instance="a", size=100, offset=0, ending=".jsonl"):
    path = Path(f"telemetry-2026-03-{day:02}-{instance}{ending}")
    return Fresh(path=path, start=Position(size_bytes=size, offset_bytes=offset), from_start=not offset)


FILES = [fresh(3, "b"), fresh(1), fresh(3, "a"), fresh(2)]


def days(files):
    return [(one.path.name[18:20], one.path.name[21]) for one in files]


@pytest.mark.parametrize(
    ("max_bytes", "now", "waiting"),
    [
        (None, [("01", "a"), ("02", "a"), ("03", "a"), ("03", "b")], []),
        (1, [("03", "a"), ("03", "b")], [("01", "a"), ("02", "a")]),
        (201, [("02", "a"), ("03", "a"), ("03", "b")], [("01", "a")]),
        (9999, [("01", "a"), ("02", "a"), ("03", "a"), ("03", "b")], []),
    ],
)
def test_days_are_read_whole_and_at_least_one_of_them(max_bytes, now, waiting):
    first, later = newest_first(FILES, max_bytes)
    assert (days(first), days(later)) == (now, waiting)


def test_what_waits_is_of_days_before():
    assert newest_day(FILES[1:2] + FILES[3:]) == date(2026, 3, 2)
    assert newest_day([]) is None
    assert newest_first([], 1) == ([], [])


def test_only_new_bytes_count_and_a_packed_file_is_larger_than_it_looks():
    assert (new_bytes(fresh(1, offset=40)), new_bytes(fresh(1, ending=".jsonl.gz"))) == (60, 100 * PACKED_RATIO)
