"""A thousand event-stream watchers of one run, over real HTTP, on one API process.

An event's id holds the millisecond in which it was stored, so a watcher on the same machine knows how late it is.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.benchmarks.cpu import cpu_of_s, resident_bytes
from tests.benchmarks.reference import TASK

WATCHERS = 1_000
HUNTS = 16
SCRIPT = {"models": {"hasty": {"target_latency_ms": 400, "judge_latency_ms": 100}}}
MAX_WAIT_S = 60
CONNECT_AT_ONCE = 50


@dataclass(frozen=True)
class MeasuredWatchers:
    watchers: int
    events: int
    """That each of them should have had."""
    complete: int
    """Watchers that had every event, once and in order."""
    p50_ms: float
    p99_ms: float
    memory_bytes: float
    """Of the API process, for each watcher."""
    cpu_per_delivery_us: float
    """Of the API process, its hunts included."""


async def measure_watchers() -> MeasuredWatchers:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with open_api(SCRIPT) as (port, pid):
            return await _watch_a_run(port, pid)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _watch_a_run(port: int, pid: int) -> MeasuredWatchers:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as api:
        criteria = [{"id": c.id, "text": c.text} for c in TASK.criteria]
        task = {"prompt": TASK.prompt, "response": TASK.response, "criteria": criteria}
        sid = (await api.post("/api/sessions", json={"task": task})).raise_for_status().json()["session_id"]
        memory = resident_bytes(pid)
        watchers = [Watcher(sid) for _ in range(WATCHERS)]
        for first in range(0, WATCHERS, CONNECT_AT_ONCE):
            await asyncio.gather(*(w.connect(port) for w in watchers[first : first + CONNECT_AT_ONCE]))
        memory, cpu = resident_bytes(pid) - memory, cpu_of_s(pid)
        order = {"models": ["simulated/hasty"], "hunts": HUNTS, "judge_model": "simulated/hasty"}
        (await api.post(f"/api/sessions/{sid}/runs", json=order)).raise_for_status()
        await asyncio.wait([asyncio.create_task(w.over.wait()) for w in watchers], timeout=MAX_WAIT_S)
        cpu = cpu_of_s(pid) - cpu
        told = await api.get(f"/api/sessions/{sid}/events", params={"format": "json", "limit": 1000})
    expected = [event["id"] for event in told.raise_for_status().json()["events"]]
    late = sorted(ms for w in watchers for ms in w.late_ms)
    for watcher in watchers:
        watcher.close()
    return MeasuredWatchers(
        watchers=WATCHERS,
        events=len(expected),
        complete=sum(w.ids == expected for w in watchers),
        p50_ms=late[len(late) // 2],
        p99_ms=late[len(late) * 99 // 100],
        memory_bytes=memory / WATCHERS,
        cpu_per_delivery_us=cpu / len(late) * 1e6,
    )


@dataclass(eq=False)
class Watcher(asyncio.Protocol):
    """Reads one event stream as it comes, with as little work as that takes."""

    sid: str
    ids: list[str] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the run has ended."""
    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _rest: bytes = b""
    _transport: asyncio.Transport | None = None

    async def connect(self, port: int) -> None:
        """Open the stream and wait for its first bytes."""
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)
        self._transport = transport
        path = f"/api/sessions/{self.sid}/events"
        self._transport.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode())
        await asyncio.wait_for(self._begun.wait(), MAX_WAIT_S)

    def data_received(self, data: bytes) -> None:
        now_ms = time.time() * 1000
        self._begun.set()
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"id: "):
                event_id = line[4:].decode().strip()
                self.ids.append(event_id)
                self.late_ms.append(now_ms - int(event_id.partition("-")[0]))
            elif b'"status":"completed"' in line and b'"run":' in line:
                self.over.set()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


@contextmanager
def open_api(script: Mapping[str, object], **variables: str) -> Iterator[tuple[int, int]]:
    """Port and process id of an API of its own with the simulated provider, ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "ENV_FILE": "",
            "API_PORT": str(port),
            "TELEMETRY_DIR": f"{folder}/telemetry",
            "JOURNAL_DIR": f"{folder}/journal",
            "LIBRARY_URL": f"sqlite:///{folder}/library.sqlite",
            "SIMULATED_SCRIPT": json.dumps(script),
            "LOG_LEVEL": "warning",
            **variables,
        }
        process = subprocess.Popen([sys.executable, "-m", "api"], env=environment)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/health/live", process)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(address, trust_env=False).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the API did not start")
