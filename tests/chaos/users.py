"""Many trainers at several API processes, somebody who watches each of them, and somebody who asks all the time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from httpx_sse import ServerSentEvent, aconnect_sse

from core.domain.events import id_key
from tests.chaos.processes import ApiProcess, Cluster, Trainer, ended

AGAIN_S = 0.1
PROBE_EVERY_S = 0.1
MAX_PROBE_S = 10.0
"""Longer than what is promised, so that a broken promise is measured and not cut off."""


@dataclass
class HttpWatcher:
    """Follows a session's event stream as a page does: after every end it connects again where it was, elsewhere."""

    client: httpx.AsyncClient
    sid: str
    places: Iterator[ApiProcess]
    ids: list[str] = field(default_factory=list)
    rows: dict[str, dict] = field(default_factory=dict)
    ended: Counter[str] = field(default_factory=Counter)
    """How often each hunt was said to be done."""
    connections: int = 0
    resets: int = 0

    async def watch(self) -> None:
        while True:
            with contextlib.suppress(httpx.TransportError):
                await self._follow(next(self.places))
            await asyncio.sleep(AGAIN_S)

    async def _follow(self, api: ApiProcess) -> None:
        headers = {"Last-Event-ID": self.ids[-1] if self.ids else "0-0"}
        path = f"{api.address}/api/sessions/{self.sid}"
        async with aconnect_sse(self.client, "GET", f"{path}/events", headers=headers) as source:
            self.connections += 1
            async for event in source.aiter_sse():
                if event.event == "reconnect":
                    return
                if event.event == "reset":
                    await self._reload(path, event.id)
                elif event.data:  # httpx-sse makes an empty event of each sign of life, with the id before
                    self._apply(event)

    def _apply(self, event: ServerSentEvent) -> None:
        assert not self.ids or id_key(event.id) > id_key(self.ids[-1]), f"{event.id} came after {self.ids[-1]}"
        self.ids.append(event.id)
        if event.event == "hunt.changed":
            row = event.json()["hunt"]
            self.rows[row["hunt_id"]] = row
            self.ended[row["hunt_id"]] += row["status"] == "done"

    async def _reload(self, path: str, event_id: str) -> None:
        """Told that it may have missed something: what a page does then."""
        self.resets += 1
        self.ids.append(event_id)
        for row in (await self.client.get(f"{path}/hunts?limit=1000&texts=false")).json()["hunts"]:
            self.rows[row["hunt_id"]] = row

    def outcomes(self) -> dict[str, tuple[str, str | None]]:
        return {hunt_id: (row["status"], row["outcome"]) for hunt_id, row in self.rows.items()}


@dataclass
class Probe:
    """Asks one API every 100 ms, each time without waiting for the answer before; notes how long each took."""

    client: httpx.AsyncClient
    api: ApiProcess
    paths: Sequence[str]
    took_s: list[float] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)
    healths: set[str] = field(default_factory=set)

    @property
    def slowest_s(self) -> float:
        return max(self.took_s)

    async def health(self) -> str:
        said: str = (await self.client.get(f"{self.api.address}/api/health")).json()["status"]
        return said

    async def ask_on(self) -> None:
        async with asyncio.TaskGroup() as group:
            for path in itertools.cycle(self.paths):
                group.create_task(self._ask(path))
                await asyncio.sleep(PROBE_EVERY_S)

    async def _ask(self, path: str) -> None:
        began = time.monotonic()
        try:
            answer = await self.client.get(f"{self.api.address}/api/{path}", timeout=MAX_PROBE_S)
        except httpx.ConnectError:  # the process is not there: no request hangs
            return
        self.took_s.append(time.monotonic() - began)
        self.statuses.add(answer.status_code)
        if path == "health":
            self.healths.add(answer.json()["status"])


@dataclass
class Users:
    cluster: Cluster
    client: httpx.AsyncClient
    trainers: list[Trainer]
    watchers: list[HttpWatcher]

    @property
    def seen_done(self) -> int:
        return sum(row["status"] == "done" for watcher in self.watchers for row in watcher.rows.values())

    async def until_done(self, hunts: int, within_s: float = 90.0) -> None:
        """So many hunts have ended, as far as the watchers know."""
        async with asyncio.timeout(within_s):
            while self.seen_done < hunts:
                await asyncio.sleep(0.02)

    async def ends(self, within_s: float) -> list[dict]:
        return await asyncio.gather(*(trainer.until(ended, within_s=within_s) for trainer in self.trainers))

    async def until_all_was_seen(self, within_s: float = 20.0) -> None:
        """Every watcher has every hunt's end."""
        for trainer, watcher in zip(self.trainers, self.watchers, strict=True):
            hunts = {h["hunt_id"]: (h["status"], h["outcome"]) for h in await trainer.hunts()}
            until = time.monotonic() + within_s
            while (seen := watcher.outcomes()) != hunts:
                missed = {i: (seen.get(i), end) for i, end in hunts.items() if seen.get(i) != end}
                assert time.monotonic() < until, f"after {watcher.resets} resets it was not seen: {missed}"
                await asyncio.sleep(0.05)

    async def log(self, trainer: Trainer) -> list[str]:
        """Ids of all events of its session, as the server has them."""
        ids: list[str] = []
        while page := await self._page(trainer, ids[-1] if ids else "0-0"):
            ids += page
        return ids

    async def _page(self, trainer: Trainer, after: str) -> list[str]:
        found = await trainer.ask(
            "GET", f"sessions/{trainer.sid}/events?after={after}", headers={"Accept": "application/json"}
        )
        return [event["id"] for event in found["events"]]


@asynccontextmanager
async def open_users(cluster: Cluster, sessions: int, hunts: int) -> AsyncIterator[Users]:
    """`sessions` trainers start `hunts` hunts each, spread over the processes; each has a watcher."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)  # a killed process's connections are dead
    timeout = httpx.Timeout(10.0, read=30.0)
    async with httpx.AsyncClient(trust_env=False, timeout=timeout, limits=limits) as client:
        places = itertools.cycle(cluster.apis)
        trainers = [Trainer(client, next(places)) for _ in range(sessions)]
        await asyncio.gather(*(trainer.start(hunts) for trainer in trainers))
        # each begins at another process than its trainer, and the next one at the other again
        orders = [itertools.cycle(cluster.apis[n % len(cluster.apis) :] + cluster.apis) for n in range(1, sessions + 1)]
        watchers = [HttpWatcher(client, t.sid, order) for t, order in zip(trainers, orders, strict=True)]
        tasks = [asyncio.create_task(watcher.watch(), name="watcher") for watcher in watchers]
        try:
            yield Users(cluster, client, trainers, watchers)
            for task in tasks:
                assert not task.done(), task.exception()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def probes(here: Users) -> AsyncIterator[list[Probe]]:
    """Both a session of its own process and one of another are asked for at every process, and the health."""
    paths = [f"sessions/{t.sid}" for t in here.trainers[:2]] + ["health"]
    asking = [Probe(here.client, api, paths) for api in here.cluster.apis]
    tasks = [asyncio.create_task(probe.ask_on(), name="probe") for probe in asking]
    try:
        yield asking
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
