"""A real runtime that hunts on a real Redis, somebody who watches it and somebody who asks it things all the time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from api.app import create_app
from core.domain.events import EventType, id_key
from core.domain.hunt import Hunt
from core.domain.run import RUN_ENDED, Run
from core.eventlog.base import START, TooFarBehind
from core.hunting.orders import OpenOrder, RunOrder
from core.runtime import Runtime, open_runtime
from core.settings import Settings
from tests.builders import a_task
from tests.house.real_redis import RedisServer
from tests.lateness import MachineDelay
from tests.settings import make_settings

MAX_REQUEST_S = 2.0
"""The promise: no request takes longer, whatever Redis does."""


def chaos_settings(server: RedisServer, folder: object, **changes: object) -> Settings:
    script = {"seed": 7, "target_latency_ms": 40, "judge_latency_ms": 10, "break_rate": 0.3}
    made = {
        "redis__url": server.url, "telemetry__directory": f"{folder}/telemetry", "redis__journal_dir": f"{folder}/journal",
        "providers__simulated_script": json.dumps(script), "redis__probe_interval_s": 0.1, "redis__block_s": 0.3, "server__drain_timeout_s": 5.0,
    }  # fmt: skip
    return make_settings(**(made | changes))


@dataclass
class Watcher:
    """Follows a session as a page does: events applied in order, everything read again after a reset."""

    runtime: Runtime
    sid: str
    ids: list[str] = field(default_factory=list)
    rows: dict[str, dict] = field(default_factory=dict)
    resets: int = 0

    async def watch(self) -> None:
        at = START
        while True:
            try:
                async for batch in self.runtime.events.watch(self.sid, at):
                    for event in batch:
                        self._apply(event)
                        at = event.id
            except TooFarBehind:
                self.resets += 1
                at = await self.runtime.events.last_id(self.sid)
                for hunt in await self.runtime.service.all_hunts(self.sid):
                    self.rows[hunt.hunt_id] = {"status": hunt.status, "outcome": hunt.outcome}

    def _apply(self, event) -> None:
        assert not self.ids or id_key(event.id) > id_key(self.ids[-1]), "events come once, in order"
        self.ids.append(event.id)
        if event.type == EventType.HUNT:
            row = json.loads(event.data)["hunt"]
            self.rows[row["hunt_id"]] = {"status": row["status"], "outcome": row["outcome"]}


@dataclass
class Asker:
    """Asks the API for a session's snapshot and the health, again and again, and notes how long it took, without the
    time in which others had the machine."""

    client: object
    sid: str
    delay: MachineDelay = field(default_factory=MachineDelay)
    slowest_s: float = 0.0
    statuses: list[tuple[int, str]] = field(default_factory=list)

    async def ask_on(self) -> None:
        while True:
            for path in (f"/api/sessions/{self.sid}", f"/api/sessions/{self.sid}/hunts?texts=false", "/api/health"):
                began = time.monotonic() - self.delay.total_s
                answer = await self.client.get(path)
                self.slowest_s = max(self.slowest_s, time.monotonic() - self.delay.total_s - began)
                body = await answer.get_json()
                self.statuses.append((answer.status_code, body.get("status", "")))
            await asyncio.sleep(0.02)

    def seen(self, status: str) -> bool:
        return any(said == status for _, said in self.statuses)


@dataclass
class Hunting:
    runtime: Runtime
    sid: str
    run_id: str
    watcher: Watcher
    asker: Asker

    async def until(self, what: Callable[[], object], deadline_s: float = 60.0) -> None:
        async with asyncio.timeout(deadline_s):
            while not what():
                await asyncio.sleep(0.01)

    async def until_hunts_are_done(self, n: int) -> None:
        await self.until(lambda: sum(row["status"] == "done" for row in self.watcher.rows.values()) >= n)

    async def until_ended(self, deadline_s: float = 40.0) -> Run:
        async with asyncio.timeout(deadline_s):
            while True:
                run = (await self.runtime.store.read(self.sid)).run(self.run_id)
                if run.status in RUN_ENDED and run.finished_at:
                    return run
                await asyncio.sleep(0.05)

    async def until_back(self, deadline_s: float = 20.0) -> None:
        """The fallback has ended by itself."""
        await self.until(lambda: self.runtime.store.state().backend == "redis", deadline_s)

    async def hunts(self) -> list[Hunt]:
        return list(await self.runtime.service.all_hunts(self.sid))


@asynccontextmanager
async def hunting(settings: Settings, hunts: int = 60, **order: object) -> AsyncIterator[Hunting]:
    async with open_runtime(settings, seed=1) as runtime:
        sid = (await runtime.service.open_task(a_task(), OpenOrder())).session_id
        made = {"models": ("simulated/hasty",), "hunts": hunts, "judge_model": "simulated/judge"} | order
        run = await runtime.service.start_run(sid, RunOrder(**made))
        watcher, asker = Watcher(runtime, sid), Asker(create_app(runtime).test_client(), sid)
        work = (watcher.watch(), asker.ask_on(), asker.delay.look())
        tasks = [asyncio.create_task(one) for one in work]
        try:
            yield Hunting(runtime, sid, run.run_id, watcher, asker)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
