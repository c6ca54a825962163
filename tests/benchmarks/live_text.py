"""Fifty watchers of one hunt while its reply is written, over real HTTP: what they cost the API process.

The same reply is written once without watchers and once with them; the difference is theirs. A second table has what a
call costs that nobody watches.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import httpx
import orjson

from core.clock import SystemClock
from core.domain.chat import STOPPED, Reply
from core.livetext.local import LocalLiveText
from core.providers.partial import PartialCompletion
from core.providers.wire import Merge
from tests.benchmarks.cpu import cpu_of_s
from tests.benchmarks.reference import TASK
from tests.benchmarks.watchers import MAX_WAIT_S, open_api

WATCHERS = 50
CALLS = 20_000
SCRIPT = {"chunk_chars": 1, "chunk_pause_ms": 20, "target_latency_ms": 1000, "judge_latency_ms": 1}
"""Fifty chunks a second, for as many seconds as the reply is long."""
HEADER = "| watchers of one hunt | reply written in | deltas for each | CPU of the API for them | share of a core |"
UNWATCHED = "| what a call costs that nobody watches | CPU |"


@dataclass(frozen=True)
class MeasuredText:
    watchers: int
    took_s: float
    deltas: float
    cpu_s: float
    complete: int
    """Watchers that had the whole reply."""

    @property
    def share(self) -> float:
        return self.cpu_s / self.took_s

    def row(self) -> str:
        return (
            f"| {self.watchers} ({self.complete} had all of it) | {self.took_s:.1f} s | {self.deltas:.0f} "
            f"| {self.cpu_s:.2f} s | {self.share:.1%} |"
        )


async def measure_text() -> MeasuredText:
    with open_api(SCRIPT) as (port, pid):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as api:
            await _hunt(api, port, pid, 0)  # the first hunt of a process imports and compiles
            alone_cpu_s, alone_s, _ = await _hunt(api, port, pid, 0)
            cpu_s, took_s, watchers = await _hunt(api, port, pid, WATCHERS)
    return MeasuredText(
        watchers=WATCHERS,
        took_s=took_s,
        deltas=sum(watcher.deltas for watcher in watchers) / len(watchers),
        cpu_s=cpu_s - alone_cpu_s * took_s / alone_s,
        complete=sum(watcher.text == watchers[0].text != "" for watcher in watchers),
    )


async def _hunt(api: httpx.AsyncClient, port: int, pid: int, watchers: int) -> tuple[float, float, list[TextWatcher]]:
    """CPU and seconds from the start of a hunt until its reply is written."""
    criteria = [{"id": c.id, "text": c.text} for c in TASK.criteria]
    task = {"prompt": TASK.prompt, "response": TASK.response, "criteria": criteria}
    sid = (await api.post("/api/sessions", json={"task": task})).raise_for_status().json()["session_id"]
    order = {"models": ["simulated/hasty"], "hunts": 1, "judge_model": "simulated/hasty"}
    run = (await api.post(f"/api/sessions/{sid}/runs", json=order)).raise_for_status().json()
    hid = f"{run['run_id']}.1"
    opened = [TextWatcher(sid, hid) for _ in range(watchers)]
    await asyncio.gather(*(watcher.connect(port) for watcher in opened))
    cpu, began = cpu_of_s(pid), time.perf_counter()
    async with asyncio.timeout(MAX_WAIT_S):
        while (await api.get(f"/api/sessions/{sid}/hunts/{hid}")).json().get("status") != "done":
            await asyncio.sleep(0.5)
    cpu, took = cpu_of_s(pid) - cpu, time.perf_counter() - began
    for watcher in opened:
        watcher.close()
    return cpu, took, opened


@dataclass(eq=False)
class TextWatcher(asyncio.Protocol):
    """Reads the text of one hunt as it comes."""

    sid: str
    hid: str
    text: str = ""
    deltas: int = 0
    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _rest: bytes = b""
    _transport: asyncio.Transport | None = None

    async def connect(self, port: int) -> None:
        """Open the stream and wait for its first bytes."""
        self._transport, _ = await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)
        path = f"/api/sessions/{self.sid}/events?text={self.hid}"
        self._transport.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode())
        await asyncio.wait_for(self._begun.wait(), MAX_WAIT_S)

    def data_received(self, data: bytes) -> None:
        self._begun.set()
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data: ") and b'"restart"' in line:
                delta = json.loads(line[6:])
                self.text = ("" if delta["restart"] else self.text) + delta["response"]
                self.deltas += 1

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def measure_unwatched() -> list[str]:
    """CPU that a call has from being watchable, and one chunk of a reply, for comparison."""
    live = LocalLiveText(SystemClock(), lambda _error: None)
    merged, chunk = Merge(), orjson.dumps({"choices": [{"delta": {"content": "word "}}]})

    def call() -> None:
        live.begin(
            "s_one",
            "r_one.1",
            PartialCompletion(lambda: merged.choices, partial(Reply, text="", finish_reason=STOPPED)),
        )
        live.end("s_one", "r_one.1")

    return [
        f"| being watchable | {_cpu_us(call):.2f} µs |",
        f"| for comparison: merging one chunk of its reply | {_cpu_us(lambda: merged.add_event(chunk)):.2f} µs |",
    ]


def _cpu_us(work: Callable[[], None]) -> float:
    began = time.process_time()
    for _ in range(CALLS):
        work()
    return (time.process_time() - began) / CALLS * 1e6
