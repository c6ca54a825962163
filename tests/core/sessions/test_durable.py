"""A session that has left the live store opens again under its own id."""

import asyncio
import sqlite3

import pytest

from core.domain.run import RunStatus
from core.domain.verdict import Outcome
from core.errors import NotFound
from core.eventlog.base import TooFarBehind
from core.library.base import LibraryAway
from core.sessions import durable
from core.sessions.base import SessionCopy
from core.sessions.codec import StoredUnreadable
from core.sessions.memory import HUNTS_AT_ONCE
from tests.builders import HandClock, a_finished_hunt, a_review, a_run, a_session
from tests.core.sessions.libraries import a_process

ENDED = a_run(hunts=2, status=RunStatus.COMPLETED)


async def opened(process, **changes):
    session = a_session(runs=(ENDED,), reviews=(a_review(explanation="A draft"),), **changes)
    await process.store.create(session, b"notebook")
    for number in (1, 2):
        await process.store.save_hunt(session.session_id, a_finished_hunt(number))
    await process.outbox.flush()
    return session


async def test_an_expired_session_is_restored_by_every_request(tmp_path):
    async with a_process(tmp_path) as process:
        session, store = await opened(process), process.store
        uses = {
            "read": lambda: store.read("s_one"),
            "change": lambda: store.change("s_one", lambda s: s),
            "hunts": lambda: store.hunts("s_one"),
            "hunt": lambda: store.hunt("s_one", "r_one.2"),
            "counts": lambda: store.counts("s_one"),
            "notebook": lambda: store.notebook("s_one"),
            "publish": lambda: store.publish("s_one", ()),
            "save_hunt": lambda: store.save_hunt("s_one", a_finished_hunt(2)),
        }
        before = {name: await use() for name, use in uses.items()}
        for name, use in uses.items():
            process.clock.seconds += 7201
            assert await process.live.count() in {0, 1}
            assert await use() == before[name], name
            assert await store.read("s_one") == session


async def test_events_start_again_so_that_pages_reload(tmp_path):
    async with a_process(tmp_path) as process:
        await opened(process)
        await process.store.change("s_one", lambda s: s.model_copy(update={"name": "b"}))
        earlier = await process.log.last_id("s_one")
        process.clock.seconds += 7201
        await process.store.read("s_one")
        with pytest.raises(TooFarBehind):
            await process.log.read("s_one", earlier, 10)


async def test_others_run_while_a_large_session_is_restored(tmp_path):
    turns = 0

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    hunts = tuple(a_finished_hunt(number) for number in range(1, 1001))
    copy = SessionCopy(a_session(runs=(a_run(hunts=1000, status=RunStatus.COMPLETED),)), b"notebook", hunts)
    async with a_process(tmp_path) as process:
        beside = asyncio.create_task(others())
        assert await process.live.restore(copy)
        assert turns >= 1000 / HUNTS_AT_ONCE
        beside.cancel()
        assert (await process.store.counts("s_one"))["r_one"].done == 1000


async def test_many_requests_at_once_restore_it_once(tmp_path):
    async with a_process(tmp_path) as process:
        session = await opened(process)
        process.clock.seconds += 7201
        assert await asyncio.gather(*(process.store.read("s_one") for _ in range(20))) == [session] * 20
        await process.store.change("s_one", lambda s: s.model_copy(update={"name": "b"}))
        assert (await process.store.read("s_one")).version == 2


async def test_a_session_that_expires_before_it_is_written_is_still_there(tmp_path):
    async with a_process(tmp_path) as process:
        await process.store.create(a_session(), b"n")
        process.clock.seconds += 7201
        assert await process.store.read("s_one") == a_session()


async def test_summaries_of_stored_sessions_do_not_restore_them(tmp_path):
    async with a_process(tmp_path) as process:
        await opened(process)
        live = await process.store.summary("s_one")
        process.clock.seconds += 7201
        assert await process.store.summary("s_one") == live
        assert await process.live.count() == 0
        with pytest.raises(NotFound):
            await process.store.summary("s_other")


async def test_an_unknown_session_is_not_found_and_an_unavailable_library_says_so(tmp_path):
    async with a_process(tmp_path) as process:
        await opened(process)
        with pytest.raises(NotFound) as missing:
            await process.store.read("s_other")
        assert missing.value.code == "no_session"
        process.library.broken = True
        assert (await process.store.read("s_one")).session_id == "s_one"  # live sessions do not need it
        process.clock.seconds += 7201
        with pytest.raises(LibraryAway):
            await process.store.read("s_one")


@pytest.mark.parametrize("broken", [False, True])
async def test_a_deleted_session_does_not_come_back(tmp_path, broken):
    async with a_process(tmp_path) as process:
        await opened(process, owner="ada")
        process.library.broken = broken
        await process.store.delete("s_one")
        for use in (process.store.read, process.store.summary, process.store.copy):
            with pytest.raises(NotFound if use != process.store.copy or not broken else LibraryAway):
                await use("s_one")
        process.library.broken = False
        await process.outbox.flush()
    async with a_process(tmp_path) as following:
        with pytest.raises(NotFound):
            await following.store.read("s_one")
        assert [(e.actor, e.action) for e in await following.library.events("s_one")] == [
            ("ada", "created"), ("ada", "deleted"),
        ]  # fmt: skip


async def test_a_deletion_survives_a_kill_although_the_database_is_busy(tmp_path, monkeypatch):
    monkeypatch.setattr(durable, "DELETE_S", 0.05)
    async with a_process(tmp_path) as process:
        await opened(process)
        monkeypatch.setattr(process.library, "write", lambda _: asyncio.Event().wait())
        await process.store.delete("s_one")
    async with a_process(tmp_path) as following:
        with pytest.raises(NotFound):
            await following.store.read("s_one")


async def test_a_deletion_leaves_nothing_in_the_journal_while_the_library_is_unavailable(tmp_path):
    async with a_process(tmp_path) as process:
        process.library.broken = True
        await opened(process, name="kryptonite", owner="ada")
        (journal,) = (tmp_path / "journal").iterdir()
        assert b"kryptonite" in journal.read_bytes()
        await process.store.delete("s_one")
        assert b"kryptonite" not in journal.read_bytes()
        process.library.broken = False
        await process.outbox.flush()
        assert [(e.actor, e.action) for e in await process.library.events("s_one")] == [("ada", "deleted")]


async def test_a_session_in_the_library_only_can_be_deleted(tmp_path):
    async with a_process(tmp_path) as process:
        await opened(process)
        process.clock.seconds += 7201
        await process.store.delete("s_one")
        assert await process.library.read("s_one") is None


async def test_work_that_was_broken_off_is_resumed_after_a_restart(tmp_path):
    clock = HandClock()
    async with a_process(tmp_path, clock) as process:
        await process.store.create(a_session(runs=(a_run(hunts=3, status=RunStatus.RUNNING),)), b"")
        await process.store.save_hunt("s_one", a_finished_hunt())
        await process.store.create(a_session(session_id="s_idle"), b"")
        await process.outbox.flush()
    clock.seconds += 60
    async with a_process(tmp_path, clock) as following:
        await following.store.restorer.restore_active()
        assert following.reattached == {"s_one"}
        assert await following.live.count() == 1
        assert (await following.live.read("s_one")).runs[0].status is RunStatus.RUNNING


async def test_a_session_that_cannot_be_read_does_not_keep_others_from_being_resumed(tmp_path):
    async with a_process(tmp_path) as process:
        for session_id in ("s_a", "s_b", "s_c"):
            running = a_session(session_id=session_id, runs=(a_run(hunts=3, status=RunStatus.RUNNING),))
            await process.store.create(running, b"")
        await process.outbox.flush()
    with sqlite3.connect(tmp_path / "library.sqlite") as database:
        database.execute("UPDATE sessions SET head = X'7B7D' WHERE session_id = 's_b'")
    database.close()
    async with a_process(tmp_path) as following:
        await following.store.restorer.restore_active()
        assert following.reattached == {"s_a", "s_c"}
        with pytest.raises(StoredUnreadable):
            await following.store.read("s_b")


async def test_work_that_nobody_continued_in_time_ends_with_the_reason(tmp_path):
    clock = HandClock()
    async with a_process(tmp_path, clock) as process:
        await process.store.create(a_session(runs=(a_run(hunts=2, status=RunStatus.RUNNING),)), b"")
        await process.store.save_hunt("s_one", a_finished_hunt())
        await process.outbox.flush()
    clock.seconds += 7300
    async with a_process(tmp_path, clock) as following:
        await following.store.restorer.restore_active()
        assert await following.live.count() == 0
        session = await following.store.read("s_one")
        assert (session.runs[0].status, session.version) == (RunStatus.FAILED, 2)
        assert "server stopped during this run" in session.runs[0].stop_reason
        outcomes = [hunt.outcome for hunt in (await following.store.hunts("s_one")).hunts]
        assert outcomes == [Outcome.BROKE, Outcome.INTERRUPTED]
        assert following.reattached == set()
        await following.outbox.flush()
        assert await following.library.active(0) == ()


async def test_a_session_of_the_library_is_compared_by_version_only_once_per_change(tmp_path):
    async with a_process(tmp_path) as process:
        await opened(process)
        process.clock.seconds += 7201
        first = await process.store.summary("s_one")
        assert await process.store.summary("s_one") is first
        await process.store.change("s_one", lambda s: s.model_copy(update={"name": "b"}))
        await process.outbox.flush()
        process.clock.seconds += 7201
        assert (await process.store.summary("s_one")).session.name == "b"
