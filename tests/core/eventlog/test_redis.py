"""The event reader of a process: only its owner ends it, and a watcher that leaves frees its feed."""

import asyncio
from contextlib import aclosing, asynccontextmanager

import pytest

from core.domain.events import EventDraft, EventType
from core.eventlog.base import START
from core.eventlog.redis import RedisEventLog
from core.redis.client import open_redis as open_clients
from core.settings import RedisSettings
from tests.backends import PATIENT_S
from tests.builders import HandClock

DRAFT = EventDraft(EventType.SESSION, "{}")


@asynccontextmanager
async def a_log(server, on_bug=pytest.fail):
    settings = RedisSettings(url=server.url, timeout_s=PATIENT_S)
    async with open_clients(settings, "one") as clients:
        log = RedisEventLog(
            clients, HandClock(), ttl_s=60, max_events=100, block_s=0.2, timeout_s=PATIENT_S, on_bug=on_bug
        )
        log.start()
        try:
            yield log
        finally:
            await log.close()


async def test_watchers_keep_receiving_events_after_an_unexpected_error(redis_server, monkeypatch):
    real, broken = RedisEventLog._read_once, []

    async def breaks_once(self, *arguments):
        if not broken:
            broken.append(True)
            raise RuntimeError("unexpected")
        await real(self, *arguments)

    monkeypatch.setattr(RedisEventLog, "_read_once", breaks_once)
    bugs = []
    async with (
        asyncio.timeout(20),
        a_log(redis_server, bugs.append) as log,
        aclosing(log.watch("s", START)) as batches,
    ):
        coming = asyncio.create_task(anext(batches))
        while not bugs:
            await asyncio.sleep(0.01)
        (event,) = await log.append("s", [DRAFT])
        assert await coming == (event,)
    assert [str(bug) for bug in bugs] == ["unexpected"]


async def test_a_watch_cancelled_before_it_starts_is_not_counted(redis_server, monkeypatch):
    joining = asyncio.Event()

    async def never(_self):
        joining.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(RedisEventLog, "_interrupt", never)
    async with a_log(redis_server) as log, asyncio.timeout(20):
        watch = log.watch("s", START)
        coming = asyncio.create_task(anext(watch))
        await joining.wait()
        coming.cancel()
        await asyncio.wait([coming])
        assert log.watchers() == 0
