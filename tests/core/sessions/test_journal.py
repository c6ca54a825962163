"""The journal: records survive the process, and only its owner reads it while it lives."""

import asyncio
import fcntl
import os
import threading

import orjson

from core.domain.hunt import HuntStatus
from core.sessions import journal as journal_module
from core.sessions.detached import DetachedSession, delete_record, head_record, hunt_record, replay, whole_record
from core.sessions.journal import Journal
from core.sessions.memory import KeptSession
from tests.builders import NOW, a_finished_hunt, a_hunt, a_session


def written(tmp_path, *records) -> None:
    journal = Journal(tmp_path / "j", "one")
    for record in records:
        journal.write(record)
    journal.close()


def refused(error):
    raise error


def a_whole_record(**changes):
    session = a_session(**changes)
    return whole_record(
        session.session_id, DetachedSession(base=session, last_id="5-0"), KeptSession(session, b"\x00nb", 0), NOW
    )


def test_without_records_there_is_no_file(tmp_path):
    journal = Journal(tmp_path / "j", "one")
    assert (list(journal.take_over()), journal.size_bytes) == ([], 0)
    journal.clear()
    assert not (tmp_path / "j").exists()


def test_a_session_is_restored_with_every_change(tmp_path):
    away = DetachedSession(base=a_session(), last_id="5-0")
    judging = a_finished_hunt().model_copy(update={"status": HuntStatus.JUDGING, "outcome": None})
    changed = a_session(name="changed", version=2)
    records = [
        a_whole_record(),
        hunt_record("s_one", a_hunt(2), away),
        hunt_record("s_one", judging, away),
        head_record(changed),
        hunt_record("s_one", a_finished_hunt(), away),
    ]
    assert records[2]["reply"] != "" == records[4]["reply"]
    written(tmp_path, *records)
    sessions, deleted = replay(Journal(tmp_path / "j", "two").take_over(), refused)
    back = sessions["s_one"]
    assert (back.base, back.head, back.notebook, back.last_id) == (a_session(), changed, b"\x00nb", "5-0")
    assert back.hunts == {"r_one.1": a_finished_hunt(), "r_one.2": a_hunt(2)}
    assert (back.head_changed, back.hunts_changed, deleted) == (True, {"r_one.1", "r_one.2"}, set())


def test_a_deleted_session_stays_deleted(tmp_path):
    written(tmp_path, a_whole_record(), delete_record("s_one"))
    assert replay(Journal(tmp_path / "j", "two").take_over(), refused) == ({}, {"s_one"})


def test_a_partial_line_is_skipped(tmp_path):
    written(tmp_path, a_whole_record(), head_record(a_session(name="lost", version=2)))
    path = next((tmp_path / "j").iterdir())
    path.write_bytes(path.read_bytes()[:-20])
    sessions, _ = replay(Journal(tmp_path / "j", "two").take_over(), refused)
    assert sessions["s_one"].head == a_session()


def test_only_the_journal_of_a_dead_process_is_taken_over_and_only_once(tmp_path):
    first = Journal(tmp_path / "j", "one")
    first.write(a_whole_record())
    second, third = Journal(tmp_path / "j", "one"), Journal(tmp_path / "j", "three")
    assert list(second.take_over()) == []
    first.close()
    assert len(list(second.take_over())) == 1
    assert list(third.take_over()) == []
    assert second.size_bytes > 0
    second.clear()
    assert list((tmp_path / "j").iterdir()) == []


def test_only_the_owner_may_read_it(tmp_path):
    written(tmp_path, a_whole_record())
    assert next((tmp_path / "j").iterdir()).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o700


async def test_a_full_disk_is_reported_and_later_records_are_readable(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "j", "one")
    journal.write(a_whole_record())
    real = os.write

    def full(number, data):
        real(number, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    journal.write(head_record(a_session(name="cut", version=2)))
    assert "No space left" in journal.problem
    monkeypatch.setattr(os, "write", real)
    journal.write(head_record(a_session(name="after", version=3)))
    await journal.sync()
    assert journal.problem == ""
    journal.close()
    sessions, _ = replay(Journal(tmp_path / "j", "two").take_over(), refused)
    assert sessions["s_one"].head.name == "after"


def test_unreadable_records_are_skipped_and_their_file_is_kept(tmp_path):
    written(tmp_path, a_whole_record())
    newer = a_whole_record() | {"sid": "s_two", "head": '{"a_field_of_tomorrow": 1}'}
    strangers = [b"123", b"[1]", b'"text"', b'{"a": 1}', b'{"op": "tomorrow", "sid": "s"}', orjson.dumps(newer)]
    (tmp_path / "j" / "other-0.journal").write_bytes(b"\n".join(strangers))
    journal, told = Journal(tmp_path / "j", "two"), []

    def note(error):
        told.append(error)
        journal.mark_unreadable(error)

    sessions, deleted = replay(journal.take_over(), note)
    assert (set(sessions), deleted, len(told)) == ({"s_one"}, set(), len(strangers))
    journal.clear()
    (kept,) = (tmp_path / "j").iterdir()
    assert (kept.name, kept.read_bytes()) == ("other-0.unread", b"\n".join(strangers))


def test_only_regular_files_are_journals(tmp_path):
    written(tmp_path, a_whole_record())
    os.mkfifo(tmp_path / "j" / "pipe.journal")
    (tmp_path / "j" / "folder.journal").mkdir()
    (tmp_path / "j" / "nowhere.journal").symlink_to(tmp_path / "nowhere")
    sessions, _ = replay(Journal(tmp_path / "j", "two").take_over(), refused)
    assert set(sessions) == {"s_one"}


def test_a_file_deleted_by_another_process_is_ignored(tmp_path, monkeypatch):
    written(tmp_path, a_whole_record())
    real = fcntl.flock

    def later(number, how):
        next((tmp_path / "j").iterdir()).unlink()  # between our open and our lock
        real(number, how)

    monkeypatch.setattr(fcntl, "flock", later)
    assert list(Journal(tmp_path / "j", "two").take_over()) == []


async def test_a_journal_deleted_during_sync_is_ignored(tmp_path, monkeypatch):
    journal, begun, gone, real = Journal(tmp_path / "j", "one"), threading.Event(), threading.Event(), os.fsync

    def slow(number):
        begun.set()
        gone.wait(10)
        real(number)

    monkeypatch.setattr(os, "fsync", slow)
    journal.write(a_whole_record())
    syncing = asyncio.create_task(journal.sync())
    await asyncio.to_thread(begun.wait, 10)
    journal.clear()
    gone.set()
    await syncing
    assert journal.problem == ""


async def test_a_failed_sync_is_reported(tmp_path, monkeypatch):
    def broken(_number):
        raise OSError(5, "Input/output error")

    journal = Journal(tmp_path / "j", "one")
    journal.write(a_whole_record())
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", broken)
        await journal.sync()
    assert "Input/output error" in journal.problem
    journal.write(head_record(a_session(version=2)))
    await journal.sync()
    assert journal.problem == ""


async def test_a_deleted_session_leaves_the_file_and_records_that_come_meanwhile_stay(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "j", "one")
    for sid in ("s_1", "s_2", "s_1"):
        journal.write({"op": "head", "sid": sid, "head": f'secret of {sid} "sid":"s_1"'})
    journal.write(delete_record("s_1"))
    copying, may_go = threading.Event(), threading.Event()
    copy = journal_module._Rewriting.copy

    def slow_copy(rewriting):
        found = copy(rewriting)
        copying.set()
        assert may_go.wait(10)
        return found

    monkeypatch.setattr(journal_module._Rewriting, "copy", slow_copy)
    removing = asyncio.create_task(journal.remove_session("s_1"))
    await asyncio.to_thread(copying.wait)
    journal.write({"op": "head", "sid": "s_1", "head": "late"})
    journal.write({"op": "head", "sid": "s_3", "head": "c"})
    may_go.set()
    await removing
    journal.write({"op": "head", "sid": "s_4", "head": "d"})
    await journal.sync()
    (path,) = (tmp_path / "j").iterdir()
    found = [(record["op"], record["sid"]) for record in journal.records()]
    assert found == [("head", "s_2"), ("delete", "s_1"), ("head", "s_3"), ("head", "s_4")]
    assert journal.size_bytes == path.stat().st_size
    assert list(Journal(tmp_path / "j", "two").adopt()) == [], "the new file is locked"
    journal.clear()
    assert list((tmp_path / "j").iterdir()) == []


async def test_a_file_that_cannot_be_rewritten_stays_and_no_copy_is_left(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "j", "one")
    journal.write({"op": "head", "sid": "s_1", "head": "a"})

    def fail(_rewriting):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_module._Rewriting, "finish", fail)
    await journal.remove_session("s_1")
    assert len(list((tmp_path / "j").iterdir())) == 1
    assert [record["sid"] for record in journal.records()] == ["s_1"]
    await journal.remove_session("s_unknown")
    assert journal.write({"op": "head", "sid": "s_2"})
