"""`make bench`: measures, prints a table and appends it, dated, to docs/measurements.md."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from tests.benchmarks import redis_store
from tests.benchmarks.reference import Measured, measure
from tests.benchmarks.stand_in import stand_in
from tests.house.real_redis import open_redis

WORKLOADS = ((200, 6, 8), (1000, 200, 200))
NOTES = Path(__file__).parents[2] / "docs" / "measurements.md"
HEADER = """| workload | took | ideal | ratio to ideal | CPU per provider call | most in flight (limits) |
|---|---|---|---|---|---|"""


def row(measured: Measured) -> str:
    most = ", ".join(str(n) for n in measured.most_in_flight.values())
    return (
        f"| {measured.hunts} hunts at {measured.target_limit} and {measured.judge_limit} | {measured.took_s:.2f} s "
        f"| {measured.ideal_s:.2f} s | {measured.ratio:.3f} | {measured.cpu_per_call_ms:.2f} ms "
        f"| {most} ({measured.target_limit}, {measured.judge_limit}) |"
    )


def main() -> None:
    with stand_in() as address:
        rows = [row(uvloop.run(measure(address, *workload))) for workload in WORKLOADS]
        with open_redis() as server:
            rows += [
                f"| in Redis: {row(uvloop.run(measure(address, *w, redis_url=server.url)))[2:]}" for w in WORKLOADS
            ]
    with open_redis() as server:
        costs = [cost.row() for cost in uvloop.run(redis_store.costs(server.url))]
    table = "\n".join([HEADER, *rows, "", redis_store.HEADER, *costs])
    print(table)
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, Python {platform.python_version()}"
    with NOTES.open("a", encoding="utf-8") as notes:
        notes.write(f"\n## Reference workload, {when}\n{table}\n")


if __name__ == "__main__":
    main()
