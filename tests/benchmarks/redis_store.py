"""What one hunt costs in Redis, in sessions of growing size: time, bytes over the wire, round trips, memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from core.clock import SystemClock
from core.domain.chat import Reply
from core.domain.events import EventDraft, EventType
from core.domain.hunt import Hunt, HuntStatus
from core.redis.client import open_redis
from core.sessions.redis import RedisSessionStore
from tests.builders import a_finished_hunt, a_hunt, a_run, a_session
from tests.settings import make_settings

SIZES = (100, 1000, 5000, 10_000, 20_000)
MEASURED = 100
"""Hunts at the end of each size that are measured, one after the other."""
REPLY = Reply(text="A reply of some length. " * 125, reasoning="Thoughts. " * 100, cost_usd=0.01)
EVENT = (EventDraft(EventType.HUNT, '{"hunt":"' + "x" * 900 + '"}'),)


@dataclass(frozen=True)
class Cost:
    hunts: int
    ms_per_hunt: float
    cpu_ms_per_hunt: float
    scripts_per_hunt: float
    script_us: float
    bytes_in_per_hunt: float
    page_ms: float
    """A page of 200 hunts, with texts."""
    memory_bytes: int

    def row(self) -> str:
        return (
            f"| {self.hunts} | {self.ms_per_hunt:.2f} ms | {self.cpu_ms_per_hunt:.2f} ms | {self.scripts_per_hunt:.1f} "
            f"| {self.script_us:.0f} µs | {self.bytes_in_per_hunt:.0f} | {self.page_ms:.0f} ms "
            f"| {self.memory_bytes / self.hunts:.0f} |"
        )


HEADER = (
    "| hunts in the session | one hunt (5 saves) | CPU of the process | round trips | Redis per script | bytes sent "
    "| page of 200 | Redis memory per hunt, bytes |"
)


def states(number: int) -> Iterator[Hunt]:
    """Every state that a hunt with three criteria is saved in."""
    done = a_finished_hunt(number, reply=REPLY)
    yield a_hunt(number, status=HuntStatus.CALLING)
    for known in range(3):
        yield done.model_copy(update={"status": HuntStatus.JUDGING, "outcome": None, "verdicts": done.verdicts[:known]})
    yield done


async def costs(url: str) -> list[Cost]:
    async with _store(url) as (store, redis):
        await store.create(a_session(runs=(a_run(1000),)), b"x" * 50_000)
        began = await _memory(redis)
        found, filled = [], 0
        for size in SIZES:
            for start in range(filled + 1, size - MEASURED + 1, 50):
                batch = range(start, min(start + 50, size - MEASURED + 1))
                await asyncio.gather(*(_hunt(store, number) for number in batch))
            found.append(await _measured(store, redis, size, began))
            filled = size
        return found


@asynccontextmanager
async def _store(url: str) -> AsyncIterator[tuple[RedisSessionStore, Redis]]:
    settings = make_settings(redis__url=url)
    async with open_redis(settings.redis, "bench") as clients:
        store = RedisSessionStore(
            clients.commands,
            SystemClock(),
            ttl_s=settings.sessions.ttl_s,
            max_events=settings.sessions.max_events,
            events_age_s=settings.redis.max_event_age_s,
            timeout_s=5.0,
            forget=lambda _sid: None,
        )
        yield store, clients.commands


async def _hunt(store: RedisSessionStore, number: int) -> None:
    for state in states(number):
        await store.save_hunt("s_one", state, EVENT)


async def _measured(store: RedisSessionStore, redis: Redis, size: int, memory_before: int) -> Cost:
    await redis.config_resetstat()
    cpu, began = time.process_time(), time.perf_counter()
    for number in range(size - MEASURED + 1, size + 1):
        await _hunt(store, number)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    scripts, net = (await redis.info("commandstats"))["cmdstat_evalsha"], await redis.info("stats")
    began = time.perf_counter()
    await store.hunts("s_one", after=size - 200, limit=200)
    page = time.perf_counter() - began
    return Cost(
        hunts=size,
        ms_per_hunt=took / MEASURED * 1000,
        cpu_ms_per_hunt=cpu / MEASURED * 1000,
        scripts_per_hunt=scripts["calls"] / MEASURED,
        script_us=scripts["usec_per_call"],
        bytes_in_per_hunt=net["total_net_input_bytes"] / MEASURED,
        page_ms=page * 1000,
        memory_bytes=await _memory(redis) - memory_before,
    )


async def _memory(redis: Redis) -> int:
    return int((await redis.info("memory"))["used_memory"])
