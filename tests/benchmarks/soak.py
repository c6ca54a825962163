"""`make soak`: many rounds of a working day against one API process; what it holds has to be flat.

Each round opens sessions, hunts in them, lets watchers come and go in the middle of the runs, exports, deletes half of
the sessions and lets the others expire. Then the process has nothing to do and is counted. The verdict looks at the
trend over the rounds after the first quarter, in which caches and pools fill.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median

import httpx

from tests.benchmarks.watchers import Watcher
from tests.house.loopback_only import find_free_port
from tests.house.real_redis import open_redis
from tests.house.tree import ROOT

MIB = 1024 * 1024
SESSIONS, HUNTS, WATCHERS = 6, 10, 4
"""Sessions of a round, hunts of each, watchers of each."""
SESSION_TTL_S = 4.0
"""Longer than any pause between two requests of one session, on a busy machine too."""
MIN_ROUNDS = 8
TASK = {
    "prompt": "Which atomic number has Krypton?",
    "response": "36",
    "criteria": [{"id": f"C{n}", "text": f"Explains point {n} well."} for n in (1, 2, 3)],
}


@dataclass(frozen=True)
class Tolerance:
    """How far the trend may rise over all judged rounds: the larger of an absolute amount and a share of the level."""

    absolute: float
    share: float = 0.0


TOLERANCES = {
    "memory": Tolerance(6 * MIB, 0.05),  # the allocator returns pages late
    "descriptors": Tolerance(2),
    "tasks": Tolerance(1),
    "objects": Tolerance(3_000, 0.03),
    "threads": Tolerance(1),
    "files": Tolerance(1),  # a new day begins a new telemetry file
}


@dataclass(frozen=True)
class Trend:
    """One row of the verdict. Bytes for memory, else counts."""

    name: str
    level: float
    """Median of the judged rounds."""
    rise: float
    """The trend's rise from the first judged round to the last."""
    allowed: float

    @property
    def grew(self) -> bool:
        return self.rise > self.allowed


def judge(rounds: Sequence[dict[str, int]]) -> list[Trend]:
    """The trend of each quantity. Raises ValueError for fewer rounds than MIN_ROUNDS."""
    if len(rounds) < MIN_ROUNDS:
        raise ValueError(f"{len(rounds)} rounds say nothing about a trend; at least {MIN_ROUNDS} are needed.")
    judged = rounds[len(rounds) // 4 :]
    trends = []
    for name, tolerance in TOLERANCES.items():
        values = [held[name] for held in judged]
        level = median(values)
        rise = slope(values) * (len(values) - 1)
        trends.append(Trend(name, level, rise, max(tolerance.absolute, tolerance.share * level)))
    return trends


def slope(values: Sequence[float]) -> float:
    """Theil and Sen's: the median of the slopes between any two values, so that single outliers count for nothing."""
    pairs = combinations(enumerate(values), 2)
    return median((later - earlier) / (b - a) for (a, earlier), (b, later) in pairs)


def table(rounds: Sequence[dict[str, int]], trends: Sequence[Trend]) -> str:
    header = "| held when idle | first round | last round | median | trend | allowed | verdict |\n|---|---|---|---|---|---|---|"
    rows = [
        f"| {t.name} | {_shown(t.name, rounds[0][t.name])} | {_shown(t.name, rounds[-1][t.name])} | {_shown(t.name, t.level)} "
        f"| {_shown(t.name, t.rise)} | {_shown(t.name, t.allowed)} | {'GREW' if t.grew else 'flat'} |"
        for t in trends
    ]
    return "\n".join([header, *rows])


def _shown(name: str, value: float) -> str:
    return f"{value / MIB:.1f} MiB" if name == "memory" else f"{value:.0f}"


@dataclass
class Inspected:
    """A running API process and the pipe over which it is counted."""

    port: int
    process: asyncio.subprocess.Process
    client: httpx.AsyncClient

    async def held(self) -> dict[str, int]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        return json.loads(await asyncio.wait_for(self.process.stdout.readline(), 30))

    async def ask(self, method: str, path: str, expected: int, **request: object) -> httpx.Response:
        answer = await self.client.request(method, path, **request)
        if answer.status_code != expected:
            raise RuntimeError(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer


@asynccontextmanager
async def open_inspected(folder: Path, redis_url: str = "") -> AsyncIterator[Inspected]:
    port = find_free_port()
    script = {"target_latency_ms": 5, "judge_latency_ms": 2, "chunk_chars": 200, "server_error": 0.1}
    settings = {
        "API_HOST": "127.0.0.1", "API_PORT": str(port), "REDIS_URL": redis_url, "ENV_FILE": "", "HUNTER_TOKENS": "",
        "TELEMETRY_DIR": str(folder / "telemetry"), "JOURNAL_DIR": str(folder / "journal"),
        "SIMULATED_SCRIPT": json.dumps(script), "SESSION_TTL": str(SESSION_TTL_S), "LOG_LEVEL": "error",
        "RETRY_WAIT": "0.01", "MAX_SAME_FAILURES": "1000",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.inspected_api",
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            await _until_it_answers(client, process)
            yield Inspected(port, process, client)
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 30)


async def _until_it_answers(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(30):
        while process.returncode is None:
            try:
                await client.get("/api/health/live")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
    raise RuntimeError("the API did not start")


async def one_session(api: Inspected, *, delete: bool) -> str:
    """A session from opening to export, with watchers that leave in the middle of its run. Its id."""
    sid = (await api.ask("POST", "/api/sessions", 201, json={"task": TASK})).json()["session_id"]
    here = f"/api/sessions/{sid}"
    watchers = [Watcher(sid) for _ in range(WATCHERS)]
    for watcher in watchers:
        await watcher.connect(api.port)
    order = {"models": ["simulated/hasty"], "hunts": HUNTS, "judge_model": "simulated/judge"}
    run = (await api.ask("POST", f"{here}/runs", 202, json=order)).json()
    for watcher in watchers[::2]:
        watcher.close()
    async with asyncio.timeout(60):
        while not (await api.ask("GET", f"{here}/runs/{run['run_id']}", 200)).json()["finished_at"]:
            await asyncio.sleep(0.05)
    await api.ask("GET", f"{here}/export", 200)
    for watcher in watchers[1::2]:
        watcher.close()
    if delete:
        await api.ask("DELETE", here, 204)
    return sid


async def one_round(api: Inspected) -> dict[str, int]:
    """What the process holds when the round's sessions are gone."""
    sids = await asyncio.gather(*(one_session(api, delete=bool(n % 2)) for n in range(SESSIONS)))
    await asyncio.sleep(SESSION_TTL_S + 0.3)
    for sid in sids:
        await api.ask("GET", f"/api/sessions/{sid}", 404)
    return await api.held()


async def soak(duration_s: float, redis_url: str = "") -> list[dict[str, int]]:
    """What the process held after each round; at least MIN_ROUNDS, then until the time is over."""
    rounds: list[dict[str, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        async with open_inspected(Path(folder), redis_url) as api:
            until = time.monotonic() + duration_s
            while len(rounds) < MIN_ROUNDS or time.monotonic() < until:
                rounds.append(await one_round(api))
    return rounds


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make soak", description="Look for leaks in an API process.")
    parser.add_argument("--minutes", type=float, default=4.0, help="how long for each kind of storage (default: 4)")
    parser.add_argument("--redis", action="store_true", help="also with sessions in a Redis of its own")
    asked = parser.parse_args(words)
    trends = _run_and_print("memory", asked.minutes * 60, "")
    if asked.redis:
        with open_redis() as server:
            trends += _run_and_print("Redis", asked.minutes * 60, server.url)
    return 1 if any(trend.grew for trend in trends) else 0


def _run_and_print(storage: str, duration_s: float, redis_url: str) -> list[Trend]:
    rounds = asyncio.run(soak(duration_s, redis_url))
    trends = judge(rounds)
    done = f"{len(rounds)} rounds, {len(rounds) * SESSIONS} sessions, {len(rounds) * SESSIONS * HUNTS} hunts"
    print(f"Sessions in {storage}: {done}\n{table(rounds, trends)}\n", flush=True)
    return trends
