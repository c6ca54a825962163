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
    start,
    statistics,
    task_list,
    watchers,
)

SMALL = {
    bench: {"SMALL": (4, 2, 2), "LARGE": (8, 4, 4), "BARE": (("pyreqwest", 4), ("httpx", 2)), "EVENTS": 2_000},
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
    start: {"TIMES": 1},
    statistics: {"REPETITIONS": 20, "RUNS": 5, "HUNTS": 10},
    task_list: {"TASKS": 40, "TIMES": 1},
    watchers: {"WATCHERS": 5, "HUNTS": 4},
}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_every_benchmark_runs_and_its_table_is_appended(tmp_path, monkeypatch):
    for module, numbers in SMALL.items():
        for name, value in numbers.items():
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(bench, "NOTES", tmp_path / "measurements.md")
    bench.bench()
    written = (tmp_path / "measurements.md").read_text()
    headers = (
        bench.CALLS, bench.CALLS_IN_REDIS, redis_store.HEADER, bench.SIZES, bench.WATCHERS, live_text.HEADER,
        live_text.UNWATCHED, access.HEADER, statistics.COVERAGE, statistics.MISSED, second_opinions.HEADER,
        second_opinions.FIRST_VERDICTS, start.HEADER,
    )  # fmt: skip
    assert [header for header in headers if header not in written] == []
    assert "| dashboard, 2,000 events" in written
    assert "| 40 tasks with 4 replies each" in written
