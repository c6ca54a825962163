"""Tasks are deleted by age and state, and only those that nobody uses."""

import pytest

from core.domain.run import RunStatus
from core.library.records import LibraryEvent, RetentionRule
from core.sessions import library_retention
from core.sessions.codec import StoredUnreadable
from core.sessions.library_retention import DAY_MS, Retention, retention_rules
from tests.builders import a_finished_hunt, a_run, a_session
from tests.core.sessions.libraries import a_process


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(library_retention, "PAUSE_S", 0.0)


async def stored(process, *session_ids, **changes):
    for session_id in session_ids:
        await process.store.create(a_session(session_id=session_id, **changes), b"notebook")
    await process.outbox.flush()


def after(process, days):
    process.clock.seconds += days * 24 * 3600


async def test_tasks_unchanged_for_so_many_days_are_deleted_in_batches_and_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(library_retention, "BATCH", 2)
    async with a_process(tmp_path) as process:
        care = Retention(process.live, process.library, process.clock, [("draft", 30)])
        await stored(process, *(f"s_{n}" for n in range(5)))
        after(process, 29)
        assert await care.delete_expired() == 0
        await stored(process, "s_new")
        after(process, 2)
        assert await care.delete_expired() == 5
        assert await process.library.count() == 1
        event = (await process.library.events("s_3"))[-1]
        assert (event.actor, event.action, event.detail) == (
            "",
            "deleted",
            "LIBRARY_DAYS: draft, unchanged for 30 days",
        )
        assert len(await process.library.deletions(event.at_ms)) == 5


async def test_a_task_in_use_stays_and_unfinished_work_of_others_was_broken_off(tmp_path):
    async with a_process(tmp_path) as process:
        care = Retention(process.live, process.library, process.clock, [("draft", 1), ("hunting", 1)])
        await stored(process, "s_working", "s_broken_off", runs=(a_run(status=RunStatus.RUNNING),))
        await stored(process, "s_read", "s_gone")
        after(process, 2)
        for session_id in ("s_read", "s_working"):
            await process.store.read(session_id)
        process.outbox._marked.clear()  # that nobody continued its work was just recorded as a change
        assert await care.delete_expired() == 2
        found = {
            name: await process.library.read(name) is not None
            for name in ("s_read", "s_working", "s_gone", "s_broken_off")
        }
        assert found == {"s_read": True, "s_working": True, "s_gone": False, "s_broken_off": False}


async def test_a_live_session_that_cannot_be_read_stays_and_others_are_deleted(tmp_path, monkeypatch):
    async with a_process(tmp_path) as process:
        care = Retention(process.live, process.library, process.clock, [("draft", 1)])
        await stored(process, "s_newer", "s_gone")
        after(process, 2)
        summary = process.live.summary

        async def unreadable(session_id):
            if session_id == "s_newer":
                raise StoredUnreadable("written by a newer release")
            return await summary(session_id)

        monkeypatch.setattr(process.live, "summary", unreadable)
        assert await care.delete_expired() == 1
        assert await process.library.read("s_newer") is not None


async def test_a_task_that_is_restored_meanwhile_is_deleted_from_the_live_store_too(tmp_path, monkeypatch):
    async with a_process(tmp_path) as process:
        care = Retention(process.live, process.library, process.clock, [("draft", 1)])
        await stored(process, "s_one")
        after(process, 2)
        expire = process.library.expire

        async def restored_first(*arguments):
            await process.store.read("s_one")
            return await expire(*arguments)

        monkeypatch.setattr(process.library, "expire", restored_first)
        assert await care.delete_expired() == 1
        assert await process.live.count() == 0


async def test_the_files_have_nothing_of_a_deleted_task_after_a_day(tmp_path):
    async with a_process(tmp_path) as process:
        care = Retention(process.live, process.library, process.clock, [("hunting", 1)])
        hunt = a_finished_hunt()
        hunt = hunt.model_copy(update={"reply": hunt.reply.model_copy(update={"text": "spoken xenonite"})})
        await stored(process, "s_one", name="kryptonite.ipynb", runs=(a_run(status=RunStatus.COMPLETED),))
        await process.store.save_hunt("s_one", hunt)
        await process.outbox.flush()
        after(process, 2)

        def left():
            content = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
            return b"kryptonite" in content, b"xenonite" in content

        assert left() == (True, True)
        assert await care.delete_expired() == 1
        await care.compact()
        assert left() == (False, False)
        assert (tmp_path / "library.sqlite").stat().st_size > 0
        assert (await process.library.events("s_one"))[-1].action == "deleted"


def test_archived_tasks_follow_their_own_rule():
    at = 100 * DAY_MS
    assert list(retention_rules([("archived", 10), ("delivered", 20)], at)) == [
        RetentionRule(90 * DAY_MS, "LIBRARY_DAYS: archived, unchanged for 10 days", archived=True),
        RetentionRule(
            80 * DAY_MS, "LIBRARY_DAYS: delivered, unchanged for 20 days", archived=False, states=("delivered",)
        ),
    ]


async def test_without_the_setting_nothing_is_deleted(tmp_path):
    async with a_process(tmp_path) as process:
        await stored(process, "s_one", "s_two")
        await process.library.set_archived("s_one", True, LibraryEvent("e", 1, "", "archived"))
        after(process, 30_000)
        assert await Retention(process.live, process.library, process.clock, ()).delete_expired() == 0
        assert await process.library.count() == 2
