"""The failover store on a real Redis that stops and starts."""

import asyncio
import os
import time

import orjson
import pytest

from core.domain.confirmation import ConfirmPolicy, SecondOpinion
from core.domain.parameters import Target
from core.domain.verdict import Verdict
from core.errors import Conflict, NotFound, RedisAway
from core.sessions.base import StoreState
from core.sessions.detached import replay
from tests.builders import NOW, a_finished_hunt, a_run, a_session, a_verdict
from tests.core.sessions.outages import DRAFT, other_process, renamed, until, until_back


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


async def test_votes_of_another_process_are_copied_and_outlast_both(runtime, store, redis_server, tmp_path):
    confirm = ConfirmPolicy(policy="breaks", judges=(Target(model="simulated/other"),))
    done, vote = a_finished_hunt(), a_verdict("C1", Verdict.FAIL)
    asked = SecondOpinion(judge_model="simulated/other", asked_at=NOW, asked=("C1", "C2", "C3"))
    voted = done.model_copy(update={"opinions": (asked.model_copy(update={"verdicts": (vote,)}),)})
    async with other_process(redis_server, tmp_path) as other:
        await other.create(a_session(runs=(a_run(confirm=confirm),)), b"")
        await other.save_hunt("s_one", done)
        await store.read("s_one")
        await until(lambda: store.known.find("s_one").whole)
        assert (await store.hunts("s_one")).hunts == (done,)
        await other.save_hunt("s_one", voted)
        await store.refresh_hunts("s_one", [done.hunt_id])
    redis_server.kill()
    assert await store.hunt("s_one", done.hunt_id) == voted


async def test_a_deleted_session_stays_deleted_after_recovery(runtime, store, redis_server, tmp_path):
    await store.create(a_session(), b"")
    redis_server.pause()
    await store.change("s_one", renamed("kryptonite"))
    journals = tmp_path / "j"
    assert b"kryptonite" in b"".join(path.read_bytes() for path in journals.iterdir())
    await store.delete("s_one")
    assert b"kryptonite" not in b"".join(path.read_bytes() for path in journals.iterdir())
    with pytest.raises((NotFound, RedisAway)):
        await store.read("s_one")
    redis_server.resume()
    await until_back(runtime)
    with pytest.raises(NotFound):
        await store.read("s_one")


async def test_an_edit_of_an_old_version_is_a_conflict_also_without_redis(store, redis_server):
    await store.create(a_session(), b"")
    redis_server.kill()
    await store.change("s_one", renamed("b"), expected_version=1)
    with pytest.raises(Conflict):
        await store.change("s_one", renamed("c"), expected_version=1)


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
