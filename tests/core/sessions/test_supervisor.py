"""Redis is watched: when it counts as back, and which sessions are moved to it then."""

import asyncio
import time

import pytest

from core.errors import NotFound, RedisAway
from core.redis.client import open_redis as open_clients
from core.runtime import open_runtime
from tests.builders import a_finished_hunt, a_hunt, a_run, a_session
from tests.core.sessions.outages import DRAFT, settings_for, until, until_back


async def test_an_expired_session_is_not_restored(runtime, store, redis_server):
    await store.create(a_session(), b"")
    async with open_clients(runtime.settings.redis, "hand") as clients:
        for key in await clients.commands.keys("mh:s:*"):
            await clients.commands.pexpire(key, 0)
    with pytest.raises(NotFound):
        await store.read("s_one")
    assert store.state().backend == "redis"
    assert store.known.find("s_one") is None


async def test_after_a_flush_every_known_session_is_restored(runtime, store, redis_server):
    for number in range(5):
        await store.create(a_session(session_id=f"s_{number}"), b"nb")
        await store.save_hunt(f"s_{number}", a_hunt(1), (DRAFT,))
    name = store.redis_health.data_name
    redis_server.empty()
    await until(lambda: store.redis_health.data_name != name)
    await until_back(runtime)
    async with open_clients(runtime.settings.redis, "hand") as clients:
        heads = await clients.commands.keys("mh:s:*:head")
    assert len(heads) == 5


async def test_one_successful_probe_is_not_enough_for_recovery(redis_server, tmp_path):
    settings = settings_for(redis_server, tmp_path, redis__min_good_probes=10, redis__probe_interval_s=0.05)
    async with open_runtime(settings) as runtime:
        runtime.store.redis_health.mark_down(RedisAway("For a moment.", reason="timeout"))
        began = time.monotonic()
        await until_back(runtime)
        assert time.monotonic() - began >= 0.45


async def test_an_idle_process_sends_every_fourth_probe_and_one_in_use_every_probe(redis_server, tmp_path):
    async with open_runtime(settings_for(redis_server, tmp_path, redis__probe_interval_s=60.0)) as runtime:
        store, probes = runtime.store, []
        supervisor = store.on_seen.__self__
        probe = store.redis_health.probe

        async def counted() -> str:
            probes.append("sent")
            return await probe()

        store.redis_health.probe = counted
        await store.create(a_session(), b"")
        for use in (False, True):
            probes.clear()
            for _ in range(8):
                await supervisor._tick()
                if use:
                    await store.read("s_one")
            assert len(probes) == (8 if use else 2)


async def test_a_busy_process_does_not_mark_redis_as_down(redis_server, tmp_path):
    async with open_runtime(settings_for(redis_server, tmp_path, redis__timeout_s=2.0)) as runtime:
        store = runtime.store
        await store.create(a_session(runs=(a_run(1000),)), b"")
        await asyncio.gather(*(store.save_hunt("s_one", a_finished_hunt(n), (DRAFT,)) for n in range(1, 3001)))
        assert (store.state().backend, store.state().away) == ("redis", 0)
        assert len((await store.hunts("s_one", limit=4000)).hunts) == 3000
