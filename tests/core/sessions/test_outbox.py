"""Changes reach the library whatever fails in between: the database, the disk, the process."""

import asyncio
import errno
import os

import pytest

from core.domain.hunt import HuntStatus
from core.library.base import library_away
from core.sessions import journal as journal_module
from core.sessions.codec import StoredUnreadable
from tests.builders import a_finished_hunt, a_hunt, a_run, a_session
from tests.core.sessions.libraries import a_process

NEW_NAME = {"name": "later.ipynb"}


async def opened(process, session_id="s_one", hunts=1):
    await process.store.create(a_session(session_id=session_id, runs=(a_run(),)), b"notebook")
    for number in range(1, hunts + 1):
        await process.store.save_hunt(session_id, a_finished_hunt(number))


async def rename(process, name="later.ipynb", session_id="s_one"):
    return await process.store.change(session_id, lambda s: s.model_copy(update={"name": name}))


async def stored(process, session_id="s_one"):
    found = await process.library.progress([session_id])
    return (found[session_id].version, len(found[session_id].hunts)) if found else None


async def test_changes_are_written_once_per_interval_and_not_before(tmp_path):
    async with a_process(tmp_path) as process:
        await opened(process, hunts=3)
        for n in range(10):
            await rename(process, f"{n}.ipynb")
        assert (process.library.writes, process.outbox.waiting) == (0, 1)
        process.clock.seconds += 1.5
        assert process.store.state().library.behind_s == 1.5
        await process.outbox.flush()
        assert (process.library.writes, await stored(process)) == (1, (11, 3))
        await process.outbox.flush()
        assert process.library.writes == 1
        assert process.store.state().library.behind_s == 0


async def test_a_change_during_a_write_is_written_by_the_next_one(tmp_path):
    async with a_process(tmp_path) as process:
        await opened(process)
        real = process.library.write

        async def write(changes):
            await rename(process)
            await real(changes)

        process.library.write = write
        await process.outbox._write(await process.outbox._encoded(process.outbox._take()))
        process.library.write = real
        assert process.outbox.waiting == 1
        await process.outbox.flush()
        assert await stored(process) == (2, 1)


async def test_nothing_is_lost_while_the_database_is_unavailable(tmp_path):
    async with a_process(tmp_path) as process:
        process.library.broken = True
        await opened(process)
        await process.outbox.flush()
        await rename(process)
        process.clock.seconds += 60
        await process.outbox.flush()
        state = process.store.state().library
        assert (state.problem, state.waiting, state.behind_s) == (
            "The library is unavailable: its database does not answer.", 0, 60.0,
        )  # fmt: skip
        assert state.journal_bytes > 0
        process.library.broken = False
        await process.outbox.flush()
        assert await stored(process) == (2, 1)
        assert process.store.state().library == type(state)()
        assert list((tmp_path / "journal").iterdir()) == []


async def test_the_next_process_delivers_what_a_killed_one_could_not(tmp_path):
    async with a_process(tmp_path) as process:
        process.library.broken = True
        await opened(process, hunts=2)
        await process.outbox.flush()
    async with a_process(tmp_path) as following:
        assert await stored(following) is None
        assert (await following.store.read("s_one")).version == 1
        assert await stored(following) == (1, 2)
        assert (await following.store.read("s_one")).name == "task.ipynb"
        assert await following.store.notebook("s_one") == b"notebook"
        assert (await following.store.hunt("s_one", "r_one.2")) == a_finished_hunt(2)


async def test_a_full_disk_loses_nothing_and_the_status_says_so(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async with a_process(tmp_path, max_waiting_hunts=2) as process:
        process.library.broken = True
        monkeypatch.setattr(journal_module.os, "write", full)
        await opened(process, hunts=4)
        process.clock.seconds += 5
        for _ in range(2):
            await process.outbox.flush()
        state = process.store.state().library
        assert (state.waiting, state.behind_s) == (1, 5.0)
        assert "No space left" in state.problem
        assert process.outbox._marked["s_one"].hunts == {}  # they are in the live store
        monkeypatch.undo()
        process.library.broken = False
        await process.outbox.flush()
        assert await stored(process) == (1, 4)
        assert process.store.state().library == type(state)()


async def test_a_session_that_cannot_be_read_again_does_not_block_the_others(tmp_path):
    """Another release has changed it in Redis, and records what it wrote."""

    async def unreadable(_):
        raise StoredUnreadable("This session cannot be read.")

    async with a_process(tmp_path) as process:
        for session_id in ("s_bad", "s_good"):
            await opened(process, session_id)
        process.outbox._marked["s_bad"].reread = True
        process.outbox.copy = unreadable
        await process.outbox.flush()
        assert [await stored(process, one) for one in ("s_bad", "s_good")] == [(1, 1), (1, 1)]


async def test_a_session_that_the_database_rejects_does_not_block_the_others(tmp_path):
    async with a_process(tmp_path) as process:
        process.library.refused = frozenset({"s_bad"})
        for session_id in ("s_a", "s_bad", "s_c"):
            await opened(process, session_id)
        await process.outbox.flush()
        assert [await stored(process, one) for one in ("s_a", "s_bad", "s_c")] == [(1, 1), None, (1, 1)]
        assert (process.store.state().library.rejected, len(process.bugs)) == (1, 1)


async def test_hunts_are_written_with_their_first_result_and_replies_once(tmp_path):
    async with a_process(tmp_path) as process:
        await process.store.create(a_session(runs=(a_run(),)), b"")
        await process.store.save_hunt("s_one", a_hunt(status=HuntStatus.CALLING))
        await process.outbox.flush()
        assert await stored(process) == (1, 0)
        judging = a_finished_hunt().model_copy(update={"status": HuntStatus.JUDGING, "outcome": None, "verdicts": ()})
        await process.store.save_hunt("s_one", judging)
        await process.outbox.flush()
        await process.store.save_hunt("s_one", a_finished_hunt())
        (changes,) = await process.outbox._encoded(process.outbox._take())
        assert [hunt.reply for hunt in changes.hunts] == [b""]
        await process.library.write([changes])
        assert (await process.store.copy("s_one")).hunts == (a_finished_hunt(),)
        process.live._kept.clear()
        assert (await process.store.copy("s_one")).hunts == (a_finished_hunt(),)


@pytest.mark.parametrize("broken", [False, True])
async def test_what_waits_at_the_end_of_a_process_is_there_for_the_next(tmp_path, broken):
    async with a_process(tmp_path) as process:
        await opened(process)
        process.library.broken = broken
        await process.outbox.close()
    async with a_process(tmp_path) as following:
        await following.outbox.flush()
        assert await stored(following) == (1, 1)


async def test_a_deletion_waits_like_any_change_and_wins_over_earlier_ones(tmp_path):
    async with a_process(tmp_path) as process:
        await opened(process)
        process.library.broken = True
        await process.outbox.flush()
        await rename(process)
        process.outbox.record_deleted("s_one", "ada")
        await process.outbox.flush()
        process.library.broken = False
        await process.outbox.flush()
        assert await stored(process) is None
        assert await process.library.deleted(["s_one"]) == {"s_one"}


async def test_a_deletion_during_a_write_that_fails_leaves_no_count_and_the_record_of_who_created_it(tmp_path):
    async with a_process(tmp_path, max_waiting_hunts=2) as process:
        await opened(process, hunts=2)
        batch = process.outbox._take()
        process.outbox.record_hunt("s_one", a_finished_hunt(2))
        process.outbox.record_deleted("s_one", "ada")
        process.outbox._restore(batch)
        assert process.outbox._waiting_hunts == 0
        await process.outbox.flush()
        assert [event.action for event in await process.library.events("s_one")] == ["created", "deleted"]


async def test_many_that_wait_for_an_unavailable_database_wait_for_it_together(tmp_path):
    tries = 0

    async def write(_):
        nonlocal tries
        tries += 1
        await asyncio.sleep(0)
        raise library_away("its database does not answer.")

    async with a_process(tmp_path) as process:
        process.library.write = write
        await opened(process)
        await asyncio.gather(*(process.outbox.flush() for _ in range(20)))
        assert tries <= 2
        assert process.outbox.waiting == 0  # in the journal
