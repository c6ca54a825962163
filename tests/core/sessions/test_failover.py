"""The failover store on a real Redis that stops and starts."""

import asyncio
import gc
import os
import time
from contextlib import aclosing, asynccontextmanager

import orjson
import pytest

from core.domain.events import EventDraft, EventType, id_key
from core.domain.hunt import HuntStatus
from core.errors import Conflict, NotFound, RedisAway
from core.eventlog.base import START, TooFarBehind
from core.eventlog.failover import _until
from core.eventlog.redis import RedisEventLog
from core.redis.client import open_redis as open_clients
from core.runtime import open_runtime
from core.sessions.base import StoreState
from core.sessions.detached import replay
from core.settings import Settings
from tests.backends import PATIENT_S, redis_log, redis_store
from tests.builders import HandClock, a_finished_hunt, a_hunt, a_run, a_session
from tests.house.real_redis import RedisServer
from tests.settings import make_settings

DRAFT = EventDraft(EventType.SESSION, "{}")


def settings_for(server: RedisServer, folder, **changes) -> Settings:
    made = {
        "redis__url": server.url, "telemetry__directory": f"{folder}/t", "redis__journal_dir": f"{folder}/j",
        "redis__timeout_s": 0.5, "redis__probe_interval_s": 0.05, "redis__block_s": 0.2, "server__drain_timeout_s": 0.1,
    }  # fmt: skip
    return make_settings(**(made | changes))


@pytest.fixture
async def runtime(redis_server, tmp_path):
    async with open_runtime(settings_for(redis_server, tmp_path)) as opened:
        assert opened.store.state().backend == "redis"
        yield opened


@pytest.fixture
def store(runtime):
    return runtime.store


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


async def test_a_session_without_a_local_copy_is_unavailable_but_not_lost(runtime, store, redis_server, tmp_path):
    async with other_process(redis_server, tmp_path) as other:
        await other.create(a_session(), b"")
    redis_server.pause()
    began = time.monotonic()
    with pytest.raises(RedisAway):
        await store.read("s_one")
    with pytest.raises(RedisAway):
        await runtime.events.last_id("s_one")
    assert time.monotonic() - began < 1.0
    redis_server.resume()
    await until_back(runtime)
    assert await store.read("s_one") == a_session()


async def test_a_session_of_another_process_continues_here_once_cached(runtime, store, redis_server, tmp_path):
    async with other_process(redis_server, tmp_path) as other:
        await other.create(a_session(runs=(a_run(),)), b"notebook")
        for number in range(1, 5):
            await other.save_hunt("s_one", a_finished_hunt(number))
    await store.read("s_one")
    await until(lambda: store.known.find("s_one").whole)
    redis_server.kill()
    assert await store.notebook("s_one") == b"notebook"
    assert len((await store.hunts("s_one")).hunts) == 4
    assert (await store.counts("s_one"))["r_one"].broke == 4


async def test_a_deleted_session_stays_deleted_after_recovery(runtime, store, redis_server, tmp_path):
    await store.create(a_session(), b"")
    redis_server.pause()
    await store.read("s_one")
    await store.delete("s_one")
    with pytest.raises((NotFound, RedisAway)):
        await store.read("s_one")
    redis_server.resume()
    await until_back(runtime)
    with pytest.raises(NotFound):
        await store.read("s_one")


async def test_changes_on_both_sides_of_an_outage_are_merged(runtime, store, redis_server, tmp_path):
    await store.create(a_session(runs=(a_run(),), hunts_issued=4), b"nb")
    runtime.store.redis_health.mark_down(RedisAway("Only this process has lost it.", reason="unreachable"))
    async with other_process(redis_server, tmp_path) as other:
        await asyncio.gather(
            store.change("s_one", renamed("ours")),
            other.change("s_one", lambda s: s.model_copy(update={"attempts_before": 7})),
            store.save_hunt("s_one", a_finished_hunt(1), (DRAFT,)),
            other.save_hunt("s_one", a_finished_hunt(2), (DRAFT,)),
        )
        await until_back(runtime)
        session = await other.read("s_one")
        assert (session.name, session.attempts_before, session.version) == ("ours", 7, 3)
        assert [h.number for h in (await other.hunts("s_one")).hunts] == [1, 2]
    assert await store.read("s_one") == session


async def test_an_older_local_state_does_not_replace_a_verdict_in_redis(runtime, store, redis_server, tmp_path):
    judging = a_finished_hunt().model_copy(update={"status": HuntStatus.JUDGING, "outcome": None})
    await store.create(a_session(runs=(a_run(),)), b"")
    runtime.store.redis_health.mark_down(RedisAway("Only this process has lost it.", reason="unreachable"))
    await store.save_hunt("s_one", judging.model_copy(update={"verdicts": judging.verdicts[:1]}))
    async with other_process(redis_server, tmp_path) as other:
        await other.save_hunt("s_one", a_finished_hunt())
    await until_back(runtime)
    assert await store.hunt("s_one", "r_one.1") == a_finished_hunt()


async def test_an_edit_of_an_old_version_is_a_conflict_also_without_redis(store, redis_server):
    await store.create(a_session(), b"")
    redis_server.kill()
    await store.change("s_one", renamed("b"), expected_version=1)
    with pytest.raises(Conflict):
        await store.change("s_one", renamed("c"), expected_version=1)


async def test_event_ids_grow_across_failover_and_last_event_id_still_works(runtime, store, redis_server):
    await store.create(a_session(), b"")
    await store.publish("s_one", (DRAFT,))
    before = await runtime.events.last_id("s_one")
    redis_server.kill()
    await store.publish("s_one", (DRAFT,))
    during = await runtime.events.read("s_one", before, 10)
    redis_server.start()
    await until_back(runtime)
    await store.publish("s_one", (DRAFT,))
    after = await runtime.events.read("s_one", before, 10)
    assert after[: len(during)] == during
    keys = [id_key(before), *(id_key(e.id) for e in after)]
    assert (keys, len(after)) == (sorted(set(keys)), 2)
    with pytest.raises(TooFarBehind):
        await runtime.events.read("s_one", START, 10)


async def test_a_reader_that_may_have_missed_events_must_reload(runtime, store, redis_server, tmp_path):
    await store.create(a_session(), b"")
    await store.publish("s_one", (DRAFT,))
    before = await runtime.events.last_id("s_one")
    runtime.store.redis_health.mark_down(RedisAway("Only this process has lost it.", reason="unreachable"))
    await store.publish("s_one", (DRAFT,))
    given_out = await runtime.events.last_id("s_one")
    async with other_process(redis_server, tmp_path) as other:
        await other.publish("s_one", (DRAFT,))
    await until_back(runtime)
    for last_event_id in (before, given_out):
        with pytest.raises(TooFarBehind):
            await runtime.events.read("s_one", last_event_id, 10)
    assert id_key(await runtime.events.last_id("s_one")) > id_key(given_out)


@pytest.mark.parametrize("busy", [False, True])
async def test_local_readers_reload_once_changes_of_other_processes_are_readable(
    runtime, store, redis_server, tmp_path, monkeypatch, busy
):
    merge = RedisEventLog.merge

    async def merge_while_working(self, session_id, **rest):
        done = await merge(self, session_id, **rest)
        monkeypatch.setattr(RedisEventLog, "merge", merge)
        await runtime.events.append(session_id, (DRAFT,))
        return done

    await store.create(a_session(), b"")
    await store.publish("s_one", (DRAFT,))
    at = await runtime.events.last_id("s_one")
    if busy:
        monkeypatch.setattr(RedisEventLog, "merge", merge_while_working)
    runtime.store.redis_health.mark_down(RedisAway("Only this process has lost it.", reason="unreachable"))
    await store.publish("s_one", (DRAFT,))
    async with other_process(redis_server, tmp_path) as other, aclosing(runtime.events.watch("s_one", at)) as batches:
        await other.change("s_one", renamed("theirs"), events=lambda _session: (DRAFT,))
        with pytest.raises(TooFarBehind):
            async for _ in batches:
                pass
        assert (await store.read("s_one")).name == "theirs"
        later = await runtime.events.last_id("s_one")
        await other.publish("s_one", (DRAFT,))
        assert len(await runtime.events.read("s_one", later, 10)) == 1


async def test_watchers_follow_a_session_through_failover_and_recovery(runtime, store, redis_server):
    await store.create(a_session(), b"")
    await store.publish("s_one", (DRAFT,))
    at = await runtime.events.last_id("s_one")
    seen: list[str] = []

    async def watch() -> None:
        async with aclosing(runtime.events.watch("s_one", at)) as batches:
            async for batch in batches:
                seen.extend(e.data for e in batch)

    def told(n):
        return EventDraft(EventType.SESSION, f'{{"n":{n}}}')

    watching = asyncio.create_task(watch())
    await until(lambda: runtime.events.watchers() == 1)
    await store.publish("s_one", (told(1),))
    await until(lambda: len(seen) == 1)
    redis_server.kill()
    await store.publish("s_one", (told(2),))
    await until(lambda: len(seen) == 2)
    redis_server.start()
    await until_back(runtime)
    await store.publish("s_one", (told(3),))
    await until(lambda: len(seen) == 3)
    assert seen == ['{"n":1}', '{"n":2}', '{"n":3}']
    await store.delete("s_one")
    with pytest.raises(NotFound):
        await watching


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


async def test_the_state_reports_backend_and_reason(runtime, store, redis_server):
    state = store.state()
    assert state == StoreState(backend="redis", latency_ms=state.latency_ms)
    assert state.latency_ms is not None
    await store.create(a_session(), b"")
    redis_server.kill()
    await store.change("s_one", renamed("b"))
    status = await runtime.status.status(draining=False)
    assert (status.redis.configured, status.redis.connected, status.redis.sessions_away) == (True, False, 1)
    assert status.redis.journal_bytes > 0
    assert status.redis.since is not None
    assert (status.health.status, status.sessions.count) == ("degraded", 1)
    assert "s_one" not in status.model_dump_json()


async def test_a_busy_process_does_not_mark_redis_as_down(redis_server, tmp_path):
    async with open_runtime(settings_for(redis_server, tmp_path, redis__timeout_s=2.0)) as runtime:
        store = runtime.store
        await store.create(a_session(runs=(a_run(1000),)), b"")
        await asyncio.gather(*(store.save_hunt("s_one", a_finished_hunt(n), (DRAFT,)) for n in range(1, 3001)))
        assert (store.state().backend, store.state().away) == ("redis", 0)
        assert len((await store.hunts("s_one", limit=4000)).hunts) == 3000


async def test_all_commands_to_a_hung_redis_fail_within_a_second(runtime, store, redis_server):
    await store.create(a_session(runs=(a_run(1000),)), b"")
    redis_server.pause()
    began = time.monotonic()
    await asyncio.gather(*(store.save_hunt("s_one", a_finished_hunt(n), (DRAFT,)) for n in range(1, 201)))
    assert time.monotonic() - began < 1.5
    redis_server.resume()
    await until_back(runtime)
    assert len((await store.hunts("s_one", limit=2000)).hunts) == 200


async def test_a_full_disk_loses_no_session_once_it_has_space_again(
    runtime, store, redis_server, tmp_path, monkeypatch
):
    await store.create(a_session(), b"nb")
    redis_server.kill()
    with monkeypatch.context() as full:
        full.setattr(os, "write", _no_space)
        await store.change("s_one", renamed("while it was full"))
        assert "No space left" in store.state().reason
    await store.save_hunt("s_one", a_finished_hunt(), (DRAFT,))
    assert "No space left" not in store.state().reason
    lines = b"".join(path.read_bytes() for path in (tmp_path / "j").iterdir()).splitlines()
    sessions, _ = replay([orjson.loads(line) for line in lines if line], pytest.fail)
    assert (sessions["s_one"].head.name, set(sessions["s_one"].hunts)) == ("while it was full", {"r_one.1"})


def _no_space(_number, _data):
    raise OSError(28, "No space left on device")


async def test_a_session_deleted_by_another_process_is_not_restored(runtime, store, redis_server, tmp_path):
    await store.create(a_session(), b"nb")
    async with other_process(redis_server, tmp_path) as other:
        redis_server.pause()
        await store.change("s_one", renamed("changed while it was away"))
        runtime.store.redis_health.mark_down(RedisAway("as long as this test likes", reason="timeout"))
        redis_server.resume()
        await other.delete("s_one")
        await until_back(runtime)
        with pytest.raises(NotFound):
            await store.read("s_one")
        assert (store.away, store.known.find("s_one")) == ({}, None)
        with pytest.raises(NotFound):
            await other.read("s_one")
        await store.create(a_session(name="anew"), b"nb")  # the same idempotency key again
        assert (await other.read("s_one")).name == "anew"


@pytest.mark.parametrize("asked", [True, False])
async def test_readers_without_the_changes_of_others_must_reload(runtime, store, redis_server, tmp_path, asked):
    await store.create(a_session(runs=(a_run(),)), b"nb")
    await store.save_hunt("s_one", a_hunt(status=HuntStatus.CALLING), (DRAFT,))
    async with other_process(redis_server, tmp_path) as other:
        await other.save_hunt("s_one", a_finished_hunt(), (DRAFT,))
        last = await runtime.events.last_id("s_one")
        redis_server.pause()
        if asked:
            assert (await store.hunt("s_one", "r_one.1")).status is HuntStatus.CALLING
        else:
            runtime.store.redis_health.mark_down(RedisAway("for a moment", reason="timeout"))
            store.detach("s_one")
        redis_server.resume()
        await until_back(runtime)
        if asked:
            with pytest.raises(TooFarBehind):
                await runtime.events.read("s_one", last, 10)
        else:
            assert await runtime.events.read("s_one", last, 10) == ()


async def test_a_watcher_that_leaves_with_pending_events_logs_no_error():
    unheard = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unheard.append(context["message"]))

    async def source():
        raise TooFarBehind("gone")
        yield ()

    moved = asyncio.get_running_loop().create_future()
    batches = _until(source(), moved)
    coming = asyncio.create_task(anext(batches))
    await asyncio.sleep(0)  # it waits for the first batch
    asyncio.get_running_loop().call_soon(coming.cancel)  # and is gone in the moment in which that fails
    await asyncio.wait([coming])
    await batches.aclose()
    del coming, batches
    gc.collect()
    assert unheard == []
