"""Every backend of sessions and events, opened for a contract test: one behaviour, tested on each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from core.eventlog.base import EventLog
from core.eventlog.memory import MemoryEventLog
from core.eventlog.redis import RedisEventLog
from core.redis.client import RedisClients, open_redis
from core.redis.keys import SESSIONS
from core.sessions.base import SessionStore
from core.sessions.memory import MemorySessionStore
from core.sessions.redis import RedisSessionStore
from core.settings import Settings
from tests.builders import HandClock
from tests.settings import make_settings

PATIENT_S = 5.0
"""Longest wait for Redis where waiting is not what a test is about: the machine may be busy."""


@dataclass
class Backend:
    """A store and its log, and both as another process has them (with memory: the same)."""

    clock: HandClock
    store: SessionStore
    log: EventLog
    second: SessionStore
    second_log: EventLog
    redis: Redis | None = None

    async def pass_time(self, seconds: float) -> None:
        """Time goes by for our clock and for every key in Redis, without waiting."""
        self.clock.seconds += seconds
        if self.redis is not None:
            for key in await self.redis.keys("mh:s:*"):
                left_ms = await self.redis.pttl(key)
                await self.redis.pexpire(key, left_ms - int(seconds * 1000))
            for session_id in await self.redis.zrange(SESSIONS, 0, -1):
                await self.redis.zincrby(SESSIONS, -seconds, session_id)


@asynccontextmanager
async def opened(
    request: pytest.FixtureRequest, *, max_sessions: int = 100, max_events: int = 1000
) -> AsyncIterator[Backend]:
    if request.param == "memory":
        yield memory_backend(max_sessions, max_events)
        return
    url = request.getfixturevalue("redis_server").url
    settings = make_settings(
        redis__url=url, redis__timeout_s=PATIENT_S, redis__block_s=0.2, sessions__max_events=max_events
    )
    clock = HandClock()
    async with open_redis(settings.redis, "one") as one, open_redis(settings.redis, "two") as two:
        log, second_log = redis_log(one, settings, clock), redis_log(two, settings, clock)
        log.start()
        second_log.start()
        try:
            store, second = redis_store(one, settings, clock, log), redis_store(two, settings, clock, second_log)
            yield Backend(clock, store, log, second, second_log, one.commands)
        finally:
            await log.close()
            await second_log.close()


def memory_backend(max_sessions: int, max_events: int) -> Backend:
    clock = HandClock()
    log = MemoryEventLog(clock, max_events)
    store = MemorySessionStore(
        clock,
        ttl_s=7200,
        max_sessions=max_sessions,
        max_share=max_sessions - 1,
        append=log.append_now,
        forget=log.forget_now,
        begin=log.start_after,
    )
    return Backend(clock, store, log, store, log)


def redis_log(clients: RedisClients, settings: Settings, clock: HandClock) -> RedisEventLog:
    return RedisEventLog(
        clients,
        clock,
        ttl_s=settings.sessions.ttl_s,
        max_events=settings.sessions.max_events,
        block_s=settings.redis.block_s,
        timeout_s=settings.redis.timeout_s,
    )


def redis_store(clients: RedisClients, settings: Settings, clock: HandClock, log: RedisEventLog) -> RedisSessionStore:
    return RedisSessionStore(
        clients.commands,
        clock,
        ttl_s=settings.sessions.ttl_s,
        max_events=settings.sessions.max_events,
        events_age_s=settings.redis.max_event_age_s,
        timeout_s=settings.redis.timeout_s,
        forget=log.end,
    )
