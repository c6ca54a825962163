"""A process with a real Redis that stops and starts."""

import asyncio
from contextlib import asynccontextmanager

from core.domain.events import EventDraft, EventType
from core.redis.client import open_redis as open_clients
from core.settings import Settings
from tests.backends import PATIENT_S, redis_log, redis_store
from tests.builders import HandClock
from tests.house.real_redis import RedisServer
from tests.settings import make_settings

DRAFT = EventDraft(EventType.SESSION, "{}")


def settings_for(server: RedisServer, folder, **changes) -> Settings:
    made = {
        "redis__url": server.url, "telemetry__directory": f"{folder}/t", "redis__journal_dir": f"{folder}/j",
        "redis__timeout_s": 0.5, "redis__probe_interval_s": 0.05, "redis__block_s": 0.2, "server__drain_timeout_s": 0.1,
    }  # fmt: skip
    return make_settings(**(made | changes))


async def until(what, deadline_s=15.0):
    async with asyncio.timeout(deadline_s):
        while not what():
            await asyncio.sleep(0.01)


async def until_back(runtime):
    await until(lambda: runtime.store.state().backend == "redis")


def renamed(name):
    return lambda session: session.model_copy(update={"name": name})


@asynccontextmanager
async def other_process(server, folder):
    settings = settings_for(server, folder, redis__timeout_s=PATIENT_S)
    async with open_clients(settings.redis, "other") as clients:
        clock = HandClock()
        yield redis_store(clients, settings, clock, redis_log(clients, settings, clock))
