"""Sessions of this process and what Redis has of them become one again."""

import asyncio

import pytest

from core.domain.hunt import HuntStatus
from core.errors import NotFound, RedisAway
from tests.builders import a_finished_hunt, a_run, a_session
from tests.core.sessions.outages import DRAFT, other_process, renamed, until_back


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
