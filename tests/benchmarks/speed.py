"""The speed of the whole product, as its users have it: `python -m tests.benchmarks speed` (under three minutes).

API processes of their own, a run that is started by POST, one watcher of its event stream. Before the product, the same
provider calls alone: by the HTTP client, and by the provider layer. All of one run, so that their ratios compare.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import uvloop

from tests.benchmarks.bare import MeasuredCalls, measure_bare, measure_provider_layer
from tests.benchmarks.cpu import cpu_of_s
from tests.benchmarks.reference import TASK, Workload
from tests.benchmarks.simulated_service import simulated_service
from tests.benchmarks.watchers import Watcher, open_api
from tests.house.real_redis import open_redis
from tests.house.tree import ROOT

WORKLOADS = (Workload(1000, 200, 200), Workload(200, 6, 8))
WARM_UP_HUNTS = 20
MAX_WAIT_S = 300
SETTLE_S = 2.5
"""Between the end of a run and the second look at the CPU: what was put off counts (the library is written later)."""
ENTRIES = ROOT / "docs" / "measurements.jsonl"
"""One line for each measurement that was recorded, the last one at the end."""
NOTES = ROOT / "docs" / "measurements.md"
BEGIN, END = "<!-- speed: written by python -m tests.benchmarks speed -->", "<!-- /speed -->"
BARE, LAYER = "bare HTTP call", "provider layer"
MEMORY, REDIS, TWO = "product, memory", "product, Redis", "product, Redis, two processes"
HEADER = "| workload | what | CPU over the bare call's | CPU per provider call | took / ideal | took |"


@dataclass(frozen=True)
class Row:
    hunts: int
    target_limit: int
    judge_limit: int
    what: str
    took_s: float
    cpu_s: float
    """Of all API processes together, or of this process for calls alone."""

    @property
    def workload(self) -> Workload:
        return Workload(self.hunts, self.target_limit, self.judge_limit)

    @property
    def name(self) -> tuple[str, str]:
        return str(self.workload), self.what

    @property
    def time_ratio(self) -> float:
        return self.took_s / self.workload.ideal_s


@dataclass(frozen=True)
class Entry:
    """One measurement: all rows of one run of this benchmark."""

    when: str
    cores: int
    load: float
    """Of the last minute, before the measurement."""
    python: str
    rows: tuple[Row, ...]

    def cpu_ratio(self, row: Row) -> float:
        """CPU over that of the bare calls of the same workload."""
        bare = next(other for other in self.rows if other.workload == row.workload and other.what == BARE)
        return row.cpu_s / bare.cpu_s

    @property
    def conditions(self) -> str:
        return f"{self.when} UTC, {self.cores} cores, load {self.load:.1f} before, Python {self.python}"


def measure_speed() -> Entry:
    load, _, _ = os.getloadavg()
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
    rows = []
    with simulated_service() as address:
        for workload in WORKLOADS:
            for what, measured in _measure_workload(address, workload):
                rows.append(Row(**asdict(workload), what=what, took_s=measured.took_s, cpu_s=measured.cpu_s))
                print(f"{workload}, {what}: {measured.cpu_s:.2f} s of CPU, took {measured.took_s:.2f} s", flush=True)
    return Entry(when, os.cpu_count() or 0, load, platform.python_version(), tuple(rows))


def _measure_workload(address: str, workload: Workload) -> Iterator[tuple[str, MeasuredCalls]]:
    yield BARE, uvloop.run(measure_bare(address, workload))
    yield LAYER, uvloop.run(measure_provider_layer(address, workload))
    yield MEMORY, _measure_product(address, workload)
    with open_redis() as server:
        yield REDIS, _measure_product(address, workload, redis_url=server.url)
    with open_redis() as server:
        yield TWO, _measure_product(address, workload, redis_url=server.url, processes=2)


def _measure_product(address: str, workload: Workload, *, redis_url: str = "", processes: int = 1) -> MeasuredCalls:
    variables = {
        "REDIS_URL": redis_url,
        "OPENROUTER_CONCURRENCY": str(workload.target_limit),
        "OPENAI_CONCURRENCY": str(workload.judge_limit),
    }
    with open_product(address, processes, **variables) as apis:
        return uvloop.run(_measure_runs(apis, workload))


@contextmanager
def open_product(address: str, processes: int = 1, **variables: str) -> Iterator[list[tuple[int, int]]]:
    """Port and process ID of each API process. Its accounts `openrouter` and `openai` are at the provider `address`."""
    accounts = {
        "OPENROUTER_BASE_URL": f"{address}/v1", "OPENROUTER_API_KEY": "key-target",
        "OPENAI_BASE_URL": f"{address}/v1", "OPENAI_API_KEY": "key-judge",
    }  # fmt: skip
    with ExitStack() as stack:
        apis = [open_api({}, INSTANCE=f"api-{n}", **accounts, **variables) for n in range(processes)]
        yield [stack.enter_context(api) for api in apis]


async def _measure_runs(apis: Sequence[tuple[int, int]], workload: Workload) -> MeasuredCalls:
    (port, _), pids = apis[0], [pid for _, pid in apis]
    for first, _ in apis:
        await run_once(first, WARM_UP_HUNTS)
    await asyncio.sleep(SETTLE_S)
    cpu = sum(map(cpu_of_s, pids))
    took = await run_once(port, workload.hunts)
    await asyncio.sleep(SETTLE_S)
    return MeasuredCalls(took, sum(map(cpu_of_s, pids)) - cpu)


async def run_once(port: int, hunts: int) -> float:
    """Seconds from the POST of a run until its event stream says that it is completed."""
    criteria = [{"id": c.id, "text": c.text} for c in TASK.criteria]
    task = {"prompt": TASK.prompt, "response": TASK.response, "criteria": criteria}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as api:
        sid = (await api.post("/api/sessions", json={"task": task})).raise_for_status().json()["session_id"]
        watcher = Watcher(sid)
        await watcher.connect(port)
        order = {"models": ["openrouter/simulated-target"], "hunts": hunts, "judge_model": "openai/judge"}
        began = time.perf_counter()
        (await api.post(f"/api/sessions/{sid}/runs", json=order)).raise_for_status()
        async with asyncio.timeout(MAX_WAIT_S):
            await watcher.over.wait()
        watcher.close()
        return time.perf_counter() - began


def table(entry: Entry) -> str:
    return "\n".join([HEADER, "|" + "---|" * (HEADER.count("|") - 1), *_table_rows(entry)])


def _table_rows(entry: Entry) -> Iterator[str]:
    took = {row.name: row.took_s for row in entry.rows}
    for row in entry.rows:
        one = took.get((str(row.workload), REDIS))
        speed_up = f" ({one / row.took_s:.2f} times as fast as one)" if row.what == TWO and one else ""
        yield (
            f"| {row.workload} | {row.what} | {entry.cpu_ratio(row):.2f} | {row.cpu_s / row.workload.calls * 1000:.2f} ms "
            f"| {row.time_ratio:.3f} | {row.took_s:.2f} s{speed_up} |"
        )


def read_entries(path: Path) -> list[Entry]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Entry(**{**entry, "rows": tuple(Row(**row) for row in entry["rows"])}) for entry in map(json.loads, lines)]


def changes(before: Entry, now: Entry) -> str:
    """The ratios of each row that both have, and by how much they changed."""
    known = {row.name: row for row in before.rows}
    lines = [f"Ratios now, and at {before.conditions}:"]
    for row in now.rows:
        if old := known.get(row.name):
            cpu = _change(before.cpu_ratio(old), now.cpu_ratio(row))
            lines.append(f"{', '.join(row.name)}: CPU {cpu}; time {_change(old.time_ratio, row.time_ratio)}")
    return "\n".join(lines)


def _change(before: float, now: float) -> str:
    return f"{now:.2f}, was {before:.2f} ({now / before - 1:+.0%})"


def record(entry: Entry, entries: Path, notes: Path) -> None:
    """Append the entry, and replace the table of speed in the page. Raises ValueError if the page has no place for it."""
    text = notes.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{notes.name} has no lines {BEGIN} and {END}.")
    notes.write_text(f"{before}{BEGIN}\n{entry.conditions}\n\n{table(entry)}\n{END}{after}", encoding="utf-8")
    with entries.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(entry)) + "\n")


def measure_and_report(*, recorded: bool) -> None:
    """Measure, print the table and how its ratios changed since the last entry; `recorded`: it becomes the last one."""
    entry, earlier = measure_speed(), read_entries(ENTRIES)
    print(f"\n{table(entry)}\n", flush=True)
    if earlier:
        print(f"{changes(earlier[-1], entry)}\n", flush=True)
    if recorded:
        record(entry, ENTRIES, NOTES)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks speed", description="Measure the product's speed."
    )
    parser.add_argument(
        "--record", action="store_true", help="record it, and replace the table in docs/measurements.md"
    )
    measure_and_report(recorded=parser.parse_args(words).record)
    return 0
