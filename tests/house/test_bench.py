"""`make bench` measures and writes its tables: here with small numbers."""

import pytest

from tests.benchmarks import __main__ as bench
from tests.benchmarks import (
    access,
    dashboard,
    flat,
    live_text,
    redis_store,
    second_opinions,
    speed,
    start,
    statistics,
    task_list,
    watchers,
)
from tests.benchmarks.reference import Workload

PAGE = f"# Measurements\n{speed.BEGIN}\n{speed.END}\n\n## Others\n"
SMALL = {
    bench: {"EVENTS": 2_000},
    access: {"PEOPLE": 3, "TIMES": 40},
    dashboard: {"VIEWERS": 1, "REFRESH_EVENTS": 10},
    flat: {"SIZES": (20,), "PAGES": 2},
    live_text: {"WATCHERS": 3, "CALLS": 50},
    second_opinions: {
        "PAIRS": 1,
        "WORKLOADS": ((4, 2, 2),),
        "HUNTS": 20,
        "KINDS": second_opinions.KINDS[1:2],
        "SHARES": (0.25,),
    },
    redis_store: {"SIZES": (20,), "MEASURED": 5},
    speed: {"WORKLOADS": (Workload(8, 4, 4),), "WARM_UP_HUNTS": 1, "SETTLE_S": 0.2},
    start: {"TIMES": 1},
    statistics: {"REPETITIONS": 20, "RUNS": 5, "HUNTS": 10},
    task_list: {"TASKS": 40, "TIMES": 1},
    watchers: {"WATCHERS": 5, "HUNTS": 4},
}


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_benchmark_runs_and_its_table_is_appended(tmp_path, monkeypatch):
    for module, numbers in SMALL.items():
        for name, value in numbers.items():
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(speed, "NOTES", tmp_path / "measurements.md")
    monkeypatch.setattr(speed, "ENTRIES", tmp_path / "measurements.jsonl")
    (tmp_path / "measurements.md").write_text(PAGE)
    bench.bench()
    [entry] = speed.read_entries(speed.ENTRIES)
    assert [row.what for row in entry.rows] == [speed.BARE, speed.LAYER, speed.MEMORY, speed.REDIS, speed.TWO]
    assert all(row.took_s > 0 for row in entry.rows)
    written = (tmp_path / "measurements.md").read_text()
    headers = (
        speed.HEADER, redis_store.HEADER, bench.SIZES, bench.WATCHERS, live_text.HEADER,
        live_text.UNWATCHED, access.HEADER, statistics.COVERAGE, statistics.MISSED, second_opinions.HEADER,
        second_opinions.FIRST_VERDICTS, start.HEADER,
    )  # fmt: skip
    assert [header for header in headers if header not in written] == []
    assert "| dashboard, 2,000 events" in written
    assert "| 40 tasks with 4 replies each" in written


def entry_of(when: str, bare_s: float, product_s: float) -> speed.Entry:
    rows = (
        speed.Row(1000, 200, 200, speed.BARE, took_s=5.0, cpu_s=bare_s),
        speed.Row(1000, 200, 200, speed.MEMORY, took_s=7.5, cpu_s=product_s),
        speed.Row(1000, 200, 200, speed.REDIS, took_s=10.0, cpu_s=product_s),
        speed.Row(1000, 200, 200, speed.TWO, took_s=8.0, cpu_s=product_s * 1.5),
    )
    return speed.Entry(when, cores=2, load=0.5, python="3.11.7", rows=rows)


def test_the_table_of_speed_is_replaced_and_each_entry_is_kept(tmp_path):
    page, lines = tmp_path / "measurements.md", tmp_path / "measurements.jsonl"
    page.write_text(PAGE)
    first, second = entry_of("2026-11-29 10:00", 2.0, 6.0), entry_of("2026-11-30 10:00", 1.0, 4.0)
    for entry in (first, second):
        speed.record(entry, lines, page)
    assert speed.read_entries(lines) == [first, second]
    text = page.read_text()
    assert first.when not in text
    assert text.count(speed.HEADER) == 1
    assert text.endswith(f"{speed.END}\n\n## Others\n")
    assert "| 1,000 hunts at 200 and 200 | product, memory | 4.00 | 0.80 ms | 3.000 | 7.50 s |" in text
    assert "| 6.00 | 1.20 ms | 3.200 | 8.00 s (1.25 times as fast as one) |" in text


def test_changes_are_those_of_ratios_within_one_entry():
    before, now = entry_of("2026-11-29 10:00", 2.0, 6.0), entry_of("2026-11-30 10:00", 1.0, 4.0)
    assert "product, memory: CPU 4.00, was 3.00 (+33%); time 3.00, was 3.00 (+0%)" in speed.changes(before, now)


def test_a_page_without_a_place_for_the_table_is_an_error_and_nothing_is_recorded(tmp_path):
    page, lines = tmp_path / "measurements.md", tmp_path / "measurements.jsonl"
    page.write_text("# Measurements\n")
    with pytest.raises(ValueError, match=r"measurements\.md has no lines"):
        speed.record(entry_of("2026-11-29 10:00", 2.0, 6.0), lines, page)
    assert speed.read_entries(lines) == []
