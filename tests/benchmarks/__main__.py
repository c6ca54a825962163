"""`make bench` measures and prints tables: that of speed replaces the one in docs/measurements.md, the others are appended
there, dated. `make bench-compare` compares the speed with the last one recorded; `make soak` looks for leaks."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

import uvloop

from core.garbage import collect_rarely
from tests.benchmarks import live_text, redis_store, schedules, second_opinions, soak, speed, statistics
from tests.benchmarks.access import HEADER as ACCESS
from tests.benchmarks.access import measure_access
from tests.benchmarks.dashboard import measure_dashboard
from tests.benchmarks.flat import MeasuredSize, measure_sizes
from tests.benchmarks.simulated_service import simulated_service
from tests.benchmarks.start import measure_start
from tests.benchmarks.task_list import measure_task_list
from tests.benchmarks.watchers import MeasuredWatchers, measure_watchers
from tests.house.real_redis import open_redis
from tests.house.tree import ROOT

EVENTS = 1_000_000
"""Ten million: python -m tests.benchmarks.dashboard 10000000 (a few minutes, 4 GB of disk)."""
SIZES = "| hunts in the memory store | CPU to save a hunt's states | CPU for a page of 200 | memory per hunt |"
WATCHERS = (
    "| watchers | events per watcher | watchers that received all | p50 | p99 | memory per watcher | CPU per delivery |"
)


def size_row(size: MeasuredSize) -> str:
    return f"| {size.hunts:,} | {size.save_us:.0f} µs | {size.page_us:.0f} µs | {size.memory_bytes / 1024:.1f} kB |"


def watchers_row(seen: MeasuredWatchers) -> str:
    return (
        f"| {seen.watchers} | {seen.events} | {seen.complete} | {seen.p50_ms:.0f} ms | {seen.p99_ms:.0f} ms "
        f"| {seen.memory_bytes / 1024:.0f} kB | {seen.cpu_per_delivery_us:.0f} µs |"
    )


def print_table(header: str, rows: Iterable[str]) -> str:
    """The table as text, which is also printed at once."""
    table = "\n".join([header, "|" + "---|" * (header.count("|") - 1), *rows, ""])
    print(table, flush=True)
    return table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure, or look for leaks.")
    parser.add_argument("command", nargs="?", choices=("bench", "speed", "schedules", "soak"), default="bench")
    options, rest = parser.parse_known_args()
    if options.command == "soak":
        return soak.main(rest)
    collect_rarely()
    if options.command == "speed":
        return speed.main(rest)
    if options.command == "schedules":
        return schedules.main(rest)
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    bench()
    return 0


def bench() -> None:
    load, _, _ = os.getloadavg()
    speed.measure_and_report(recorded=True)
    tables = []
    tables.append(print_table(schedules.HEADER, schedules.measure_schedules()))
    with simulated_service() as address:
        tables.append(
            print_table(second_opinions.FIRST_VERDICTS, uvloop.run(second_opinions.measure_first_verdicts(address)))
        )
    with open_redis() as server:
        tables.append(
            print_table(redis_store.HEADER, (cost.row() for cost in uvloop.run(redis_store.costs(server.url))))
        )
    tables.append(print_table(SIZES, map(size_row, measure_sizes())))
    tables.append(print_table(WATCHERS, [watchers_row(uvloop.run(measure_watchers()))]))
    tables.append(print_table(live_text.HEADER, [uvloop.run(live_text.measure_text()).row()]))
    tables.append(print_table(live_text.UNWATCHED, live_text.measure_unwatched()))
    tables.append(print_table(ACCESS, uvloop.run(measure_access())))
    tables.append(print_table(*measure_dashboard(EVENTS)))
    tables.append(print_table(*measure_task_list()))
    tables.append(print_table(*measure_start([ROOT])))
    tables.append(print_table(statistics.COVERAGE, statistics.coverage_rows()))
    tables.append(print_table(statistics.MISSED, statistics.missed_rows()))
    opinions = uvloop.run(second_opinions.measure_all())
    tables.append(print_table(second_opinions.HEADER, (measured.row() for measured in opinions)))
    when = (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {load:.1f} before, "
        f"Python {platform.python_version()}"
    )
    with speed.NOTES.open("a", encoding="utf-8") as notes:
        notes.write(f"\n## {when}\n" + "\n".join(tables))


if __name__ == "__main__":
    sys.exit(main())
