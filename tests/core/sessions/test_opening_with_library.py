"""A process with a library: it continues after a restart of itself, of its database and of Redis."""

import asyncio

import pytest

from core.hunting.orders import RunOrder
from core.runtime import open_runtime
from core.sessions import restore_from_library
from core.sessions.base import LibraryState
from tests.core.sessions.outages import until
from tests.core.sessions.with_library import opened, settings_for


@pytest.fixture
def redis_or_none(request):
    return request.getfixturevalue("redis_server").url if request.param == "redis" else ""


@pytest.mark.parametrize("redis_or_none", ["memory", "redis"], indirect=True)
async def test_a_finished_run_is_exported_alike_after_a_restart(tmp_path, request, redis_or_none):
    settings = settings_for(tmp_path, redis__url=redis_or_none)
    async with open_runtime(settings) as runtime:
        sid = await opened(runtime)
        run = await runtime.service.start_run(sid, RunOrder(models=("simulated/hasty",), hunts=2))
        while (await runtime.store.read(sid)).active_runs:
            await asyncio.sleep(0.02)
        first = (await runtime.service.deliver(sid)).notebook
    if redis_or_none:
        request.getfixturevalue("redis_server").empty()
    async with open_runtime(settings) as runtime:
        assert (await runtime.service.deliver(sid)).notebook == first
        assert (await runtime.store.counts(sid))[run.run_id].done == 2
        assert runtime.status.health(draining=False).status == "healthy"
        status = await runtime.status.status(draining=False)
        assert (status.library.configured, status.library.available, status.library.rejected) == (True, True, 0)


async def test_a_run_outlives_a_restart_of_the_database_and_nothing_is_lost(tmp_path, postgres_server):
    settings = settings_for(tmp_path, library__url=postgres_server.new_database())
    async with open_runtime(settings) as runtime:
        sid = await opened(runtime)
        await until(lambda: runtime.store.state().library == LibraryState())
        run = await runtime.service.start_run(sid, RunOrder(models=("simulated/hasty",), hunts=4))
        postgres_server.stop()
        while (await runtime.store.read(sid)).active_runs:
            await asyncio.sleep(0.02)
        await until(lambda: runtime.store.state().library.journal_bytes)
        assert runtime.status.health(draining=False).status == "degraded"
        expected = (await runtime.service.deliver(sid)).notebook
        postgres_server.start()
        await until(lambda: runtime.store.state().library == LibraryState())
        assert runtime.status.health(draining=False).status == "healthy"
    async with open_runtime(settings) as runtime:
        assert (await runtime.store.counts(sid))[run.run_id].done == 4
        assert (await runtime.service.deliver(sid)).notebook == expected


async def test_while_redis_is_down_an_unknown_session_is_opened_from_the_library_and_merged_later(
    tmp_path, redis_server, monkeypatch
):
    monkeypatch.setattr(restore_from_library, "REDIS_AWAY_S", 0.0)
    settings = settings_for(
        tmp_path, redis__url=redis_server.url, redis__timeout_s=0.5, redis__probe_interval_s=0.05, redis__block_s=0.2
    )
    async with open_runtime(settings) as runtime:
        sid = await opened(runtime)
        await until(lambda: runtime.store.state().library == LibraryState())
    redis_server.stop(save=True)
    async with open_runtime(settings) as runtime:
        session = await runtime.store.read(sid)
        assert runtime.store.state().away == 1
        await runtime.store.change(sid, lambda s: s.model_copy(update={"name": "without-redis.ipynb"}))
        redis_server.start()
        await until(lambda: runtime.store.state().backend == "redis" and not runtime.store.state().away)
        merged = await runtime.store.read(sid)
        assert (merged.name, merged.version > session.version) == ("without-redis.ipynb", True)


async def test_a_library_that_cannot_be_written_is_reported_and_stops_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    async with open_runtime(
        settings_for(tmp_path, library__url=f"sqlite:///{tmp_path}/file/library.sqlite")
    ) as runtime:
        sid = await opened(runtime)
        await until(lambda: runtime.store.state().library.problem)
        assert runtime.status.health(draining=False).status == "degraded"
        assert (await runtime.store.read(sid)).session_id == sid


async def test_without_a_library_the_status_says_so(tmp_path):
    async with open_runtime(settings_for(tmp_path, library__url="off")) as runtime:
        assert (await runtime.status.status(draining=False)).library.configured is False
