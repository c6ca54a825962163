"""`make bench` measures and writes its tables: here with small numbers."""

import pytest

from tests.benchmarks import __main__ as bench
from tests.benchmarks import access, dashboard, flat, redis_store, watchers

SMALL = {
    bench: {"SMALL": (4, 2, 2), "LARGE": (8, 4, 4), "BARE": (("pyreqwest", 4), ("httpx", 2)), "EVENTS": 2_000},
    access: {"PEOPLE": 3, "TIMES": 40},
    dashboard: {"VIEWERS": 1, "REFRESH_EVENTS": 10},
    flat: {"SIZES": (20,), "PAGES": 2},
    redis_store: {"SIZES": (20,), "MEASURED": 5},
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
    headers = (bench.CALLS, bench.CALLS_IN_REDIS, redis_store.HEADER, bench.SIZES, bench.WATCHERS, access.HEADER)
    assert [header for header in headers if header not in written] == []
    assert "| dashboard, 2,000 events" in written
