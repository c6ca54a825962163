"""Events while Redis stops and starts: ids grow, and readers reload when they may have missed some."""

import asyncio
import gc
from contextlib import aclosing

import pytest

from core.domain.events import EventDraft, EventType, id_key
from core.domain.hunt import HuntStatus
from core.errors import NotFound, RedisAway
from core.eventlog.base import START, TooFarBehind
from core.eventlog.failover import _until
from core.eventlog.redis import RedisEventLog
from tests.builders import a_finished_hunt, a_hunt, a_run, a_session
from tests.core.sessions.outages import DRAFT, other_process, renamed, until, until_back


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

    def progress(n):
        return EventDraft(EventType.SESSION, f'{{"n":{n}}}')

    watching = asyncio.create_task(watch())
    await until(lambda: runtime.events.watchers() == 1)
    await store.publish("s_one", (progress(1),))
    await until(lambda: len(seen) == 1)
    redis_server.kill()
    await store.publish("s_one", (progress(2),))
    await until(lambda: len(seen) == 2)
    redis_server.start()
    await until_back(runtime)
    await store.publish("s_one", (progress(3),))
    await until(lambda: len(seen) == 3)
    assert seen == ['{"n":1}', '{"n":2}', '{"n":3}']
    await store.delete("s_one")
    with pytest.raises(NotFound):
        await watching


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
