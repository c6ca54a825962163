"""`make bench` measures and writes its tables: here with small numbers."""

from dataclasses import replace

import pytest

from tests.benchmarks import __main__ as bench
from tests.benchmarks import (
    access,
    dashboard,
    flat,
    live_text,
    redis_store,
    schedules,
    second_opinions,
    speed,
    start,
    statistics,
    task_list,
    watchers,
)
from tests.benchmarks.reference import Workload

TWO_SESSIONS = schedules.Schedule("two sessions", (2, 4), {"target": 3, "judge": 3}, criteria=3)
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
    schedules: {"SCHEDULES": (TWO_SESSIONS,), "WARM_UP_HUNTS": 1},
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
        speed.HEADER, schedules.HEADER, redis_store.HEADER, bench.SIZES, bench.WATCHERS, live_text.HEADER,
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


def call_of(account: str, reply: int, arrived_s: float, work_s: float, *, refused=False) -> schedules.Call:
    criterion = "C1" if account == "judge" else ""
    return schedules.Call(account, "s", reply, criterion, arrived_s, work_s, refused, ended_s=arrived_s + work_s)


def test_an_account_that_waits_for_no_reason_is_not_fully_used():
    """Two replies at second 4 are judged one after the other, though both calls were allowed at once."""
    calls = [call_of("target", n, 0.0, 4.0) for n in (0, 1)]
    late = [*calls, call_of("judge", 0, 4.0, 1.0), call_of("judge", 1, 5.0, 1.0)]
    schedule = schedules.Schedule("one", (2,), {"target": 2, "judge": 2}, criteria=1)
    assert schedules.use_while_work_waits(late, "judge", schedule, 0.0) == 0.5
    limited = schedules.Schedule("one", (2,), {"target": 2, "judge": 1}, criteria=1)
    assert schedules.use_while_work_waits(late, "judge", limited, 0.0) == 1.0
    assert schedules.use_while_work_waits([call_of("target", 0, 1.0, 4.0)], "target", schedule, 0.0) == 0.0


def test_a_refused_call_is_work_again_after_its_pause():
    pause = schedules.RETRY_AFTER_S
    calls = [call_of("target", 0, 0.0, 1.0, refused=True), call_of("target", 0, 1.0 + pause, 4.0)]
    schedule = schedules.Schedule("one", (1,), {"target": 1}, criteria=1)
    one_waits = [*calls, call_of("target", 1, 5.0 + pause, 1.0)]
    assert schedules.use_while_work_waits(one_waits, "target", schedule, 0.0) == pytest.approx(5 / (5 + pause))


def test_the_longest_chain_is_of_one_hunt():
    calls = [
        call_of("target", 0, 0.0, 5.0), call_of("judge", 0, 5.0, 1.0),
        call_of("target", 1, 0.0, 1.0), call_of("judge", 1, 1.0, 3.0, refused=True), call_of("judge", 1, 5.0, 4.0),
    ]  # fmt: skip
    retry_s = {False: 2.0, True: 0.5}
    assert schedules.longest_chain_s(calls, {}, retry_s) == 6.0
    assert schedules.longest_chain_s(calls, {1: 2}, retry_s) == 1.0 + 2.0 + 0.5 + 4.0


def test_equal_shares_of_an_account_are_a_slowdown_of_one_for_each_session():
    """Four seconds of one session and one of another, at a limit of 1: the short one has had its share after two."""
    calls = [replace(call_of("target", n, 0.0, 1.0), session="short" if n == 4 else "long") for n in range(5)]
    fair = schedules.slowdowns(calls, {"long": 5.0, "short": 2.0}, {"target": 1})
    assert fair == [1.0, 1.0]
    assert schedules.jain(fair) == 1.0
    assert schedules.jain([1.0, 0.0, 0.0, 0.0]) == 0.25
