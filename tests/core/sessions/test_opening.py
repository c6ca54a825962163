"""Stores at the start of a process: in memory, in Redis, and from the journal of one that ended."""

import time

import pytest

from core.eventlog.base import TooFarBehind
from core.runtime import open_runtime
from tests.builders import a_finished_hunt, a_session
from tests.core.sessions.outages import DRAFT, other_process, renamed, settings_for, until_back


async def test_without_redis_at_startup_memory_is_used_and_reported(redis_server, tmp_path):
    redis_server.stop()
    began = time.monotonic()
    async with open_runtime(settings_for(redis_server, tmp_path)) as runtime:
        assert time.monotonic() - began < 2
        health = runtime.status.health(draining=False)
        assert (health.status, health.sessions_backend) == ("degraded", "memory")
        assert "unreachable" in health.reason
        await runtime.store.create(a_session(), b"nb")
        await runtime.store.save_hunt("s_one", a_finished_hunt(), (DRAFT,))
        redis_server.start()
        await until_back(runtime)
        assert runtime.status.health(draining=False).status == "healthy"
    async with other_process(redis_server, tmp_path) as other:
        assert await other.hunt("s_one", "r_one.1") == a_finished_hunt()
        assert (await other.read("s_one"), await other.notebook("s_one")) == (a_session(), b"nb")


async def test_sessions_detached_at_shutdown_are_journaled_and_restored_at_startup(redis_server, tmp_path):
    settings = settings_for(redis_server, tmp_path)
    async with open_runtime(settings) as runtime:
        await runtime.store.create(a_session(), b"nb")
        redis_server.kill()
        await runtime.store.change("s_one", renamed("acknowledged"))
        await runtime.store.save_hunt("s_one", a_finished_hunt(), (DRAFT,))
        given_out = await runtime.events.last_id("s_one")
    async with open_runtime(settings) as runtime:  # Redis is still away
        assert (await runtime.store.read("s_one")).name == "acknowledged"
        assert await runtime.store.hunt("s_one", "r_one.1") == a_finished_hunt()
        assert await runtime.store.notebook("s_one") == b"nb"
        with pytest.raises(TooFarBehind):
            await runtime.events.read("s_one", given_out, 10)
    redis_server.start()
    async with open_runtime(settings) as runtime:
        await until_back(runtime)
        with pytest.raises(TooFarBehind):
            await runtime.events.read("s_one", given_out, 10)
        assert runtime.store.state().away == 0
    async with other_process(redis_server, tmp_path) as other:
        assert (await other.read("s_one")).name == "acknowledged"
        assert await other.hunt("s_one", "r_one.1") == a_finished_hunt()
    assert list((tmp_path / "j").glob("*")) == []
