"""Texts of deleted sessions leave the log, while others write and read it."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from core.telemetry import redact_deleted
from core.telemetry.appending import append_lines, open_locked
from core.telemetry.file_names import telemetry_files
from core.telemetry.reader import TelemetryReader
from core.telemetry.redact_deleted import Redacted, deleted_sessions, redact_sessions, remove_abandoned_copies
from tests.dashboard_app.records_made_up import team_at_work, write_log

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def line(kind, session, **data) -> bytes:
    made = {"ts": "2026-11-24T10:00:00Z", "type": kind, "schema": 1, "data": {"session": session, **data}}
    return json.dumps(made, separators=(",", ":")).encode() + b"\n"


HUNT = {
    "outcome": "broke",
    "cost_usd": 0.5,
    "reply": "secret words",
    "excerpt": "secret",
    "trainer": "ada",
    "error_message": None,
}
LINES = [
    line("hunt", "aa11", **HUNT),
    line("hunt", "bb22", **HUNT),
    line("task", "aa11", task="t", content="secret task"),
    line("run", "aa11", criterion_texts={"C1": "secret"}, hunts=3),
    line("session", "aa11", action="deleted", notebook="secret.ipynb", trainer="ada"),
    b'{"ts":"2026-11-24T10:00:00Z","type":"hunt","data":{"session":"aa11","reply":"secret ha\n',
    b"not a record\n",
]


def write(path, lines=LINES):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wb") as file:
        file.writelines(lines)
    return path


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_texts_and_names_of_a_session_are_removed_and_its_numbers_stay(tmp_path, suffix):
    path = write(tmp_path / f"telemetry-2026-11-24-one.jsonl{suffix}")
    assert redact_sessions(tmp_path, ["aa11", "ee55"]) == Redacted(records=5, files=1)
    content = gzip.decompress(path.read_bytes()) if suffix else path.read_bytes()
    left = content.splitlines(keepends=True)
    assert left[1] == LINES[1], "another session's record is the same"
    assert [one for one in left if b"secret" in one] == [LINES[1]]
    assert json.loads(left[0])["data"] == HUNT | {"session": "aa11", "reply": "", "excerpt": "", "trainer": ""}
    assert json.loads(left[2])["data"] == {"session": "aa11", "criterion_texts": {}, "hunts": 3}
    assert json.loads(left[3])["data"] == {"session": "aa11", "action": "deleted", "notebook": "", "trainer": "ada"}
    assert left[4:] == [b"not a record\n"]
    assert path.stat().st_mode & 0o777 == 0o640
    before = path.stat()
    assert redact_sessions(tmp_path, ["aa11"]) == Redacted()
    assert path.stat() == before, "a file with nothing to redact is not written"
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_log_says_which_sessions_were_deleted(tmp_path):
    write(tmp_path / "telemetry-2026-11-24-one.jsonl")
    assert deleted_sessions(tmp_path, 10) == ["aa11"]


def test_lines_that_others_append_during_a_rewriting_are_not_lost(tmp_path):
    path = write(tmp_path / "telemetry-2026-11-24-one.jsonl")
    stop, written = threading.Event(), 0

    def append():
        nonlocal written
        while not stop.is_set():
            written += append_lines(path, [line("call", "cc33", number=written)])

    writer = threading.Thread(target=append)
    writer.start()
    try:
        for _ in range(20):
            append_lines(path, [LINES[0]])
            assert redact_sessions(tmp_path, ["aa11"]).records
    finally:
        stop.set()
        writer.join()
    numbers = [json.loads(one)["data"]["number"] for one in path.read_bytes().splitlines() if b"cc33" in one]
    assert numbers == list(range(written))


def test_a_writer_that_does_not_notice_the_new_file_loses_nothing(tmp_path, monkeypatch):
    """As the release before: it waits for the lock of the file that is replaced."""
    path = write(tmp_path / "telemetry-2026-11-24-one.jsonl")
    with path.open("ab") as old:
        monkeypatch.setattr(redact_deleted.time, "sleep", lambda _s: (old.write(line("call", "dd44")), old.flush()))
        monkeypatch.setattr(redact_deleted, "_names_one", lambda *_: True)
        redact_sessions(tmp_path, ["aa11"])
    assert path.read_bytes().endswith(line("call", "dd44"))


def test_a_process_that_redacts_the_new_file_meanwhile_is_not_disturbed(tmp_path, monkeypatch):
    """`library delete` beside a server: the name of the copy is the same."""
    path = write(tmp_path / "telemetry-2026-11-24-one.jsonl")
    others_copy = tmp_path / f".{path.name}.redacting"
    monkeypatch.setattr(redact_deleted, "_rescue_late_lines", lambda *_: others_copy.touch())
    assert redact_sessions(tmp_path, ["aa11"]) == Redacted(records=5, files=1)
    assert others_copy.exists()


KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from core.telemetry import redact_deleted
os.fsync = lambda number: os.kill(os.getpid(), signal.SIGKILL)
redact_deleted.redact_sessions(Path(sys.argv[1]), ["aa11"])
"""


def kill_a_redaction(folder):
    """Leave what a process leaves that is killed when its copy is complete. Returns the copy."""
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    (copy,) = folder.glob(".*")
    assert b"secret words" in copy.read_bytes(), "of the other session, which may be deleted next"
    return copy


@pytest.mark.parametrize("sessions", [["bb22"], ["ee55"], []])
def test_a_redaction_removes_the_copy_of_one_that_was_killed(tmp_path, sessions):
    path = write(tmp_path / "telemetry-2026-11-24-one.jsonl")
    kill_a_redaction(tmp_path)
    redact_sessions(tmp_path, sessions)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert redact_sessions(tmp_path, ["aa11"]).records == 5


def test_a_copy_is_removed_whose_file_was_removed_by_age_and_nothing_else_is(tmp_path):
    path = write(tmp_path / "telemetry-2026-11-24-one.jsonl")
    kill_a_redaction(tmp_path)
    path.unlink()
    (tmp_path / ".notes.redacting").touch()
    remove_abandoned_copies(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [".notes.redacting"]
    remove_abandoned_copies(tmp_path / "none")


def test_a_copy_in_use_is_not_removed(tmp_path):
    path = write(tmp_path / "telemetry-2026-11-24-one.jsonl")
    copy = tmp_path / f".{path.name}.redacting"
    holder = open_locked(path, os.O_RDWR)
    copy.write_bytes(b"half")
    waiting = threading.Thread(target=remove_abandoned_copies, args=(tmp_path,))
    waiting.start()
    waiting.join(0.2)
    assert copy.exists()
    copy.rename(path)
    os.close(holder)
    waiting.join(10)
    assert path.read_bytes() == b"half"


def test_readers_do_not_read_a_copy(tmp_path):
    path = write(tmp_path / "telemetry-2026-11-24-one.jsonl")
    assert kill_a_redaction(tmp_path).exists()
    assert telemetry_files(tmp_path) == [path]
    assert deleted_sessions(tmp_path, 10) == ["aa11"]


def test_a_mark_between_two_pieces_is_found(tmp_path, monkeypatch):
    path = write(tmp_path / "telemetry-2026-11-24-one.jsonl", [LINES[0]])
    for size in range(40, 70):
        monkeypatch.setattr(redact_deleted, "READ_BYTES", size)
        assert redact_deleted._names_one(path, {b"aa11"}, threading.Event())
        assert not redact_deleted._names_one(path, {b"aa12"}, threading.Event())


def test_a_file_that_cannot_be_read_is_counted_and_the_others_are_redacted(tmp_path):
    (tmp_path / "telemetry-2026-11-22-one.jsonl.gz").write_bytes(b"no gzip")
    damaged = bytearray(gzip.compress(b"".join(LINES)))
    damaged[10:30] = b"\xff" * 20
    (tmp_path / "telemetry-2026-11-23-one.jsonl.gz").write_bytes(damaged)
    write(tmp_path / "telemetry-2026-11-24-one.jsonl")
    assert redact_sessions(tmp_path, ["aa11"]) == Redacted(records=5, files=1, failed=2)
    assert redact_sessions(tmp_path / "none", ["aa11"]) == Redacted()


def test_a_process_that_ends_does_not_wait_for_the_whole_log(tmp_path):
    path = write(tmp_path / "telemetry-2026-11-24-one.jsonl")
    stopping = threading.Event()
    stopping.set()
    assert redact_sessions(tmp_path, ["aa11"], stopping) == Redacted(failed=1)
    assert path.read_bytes() == b"".join(LINES)


def test_the_dashboards_tables_follow_and_no_row_is_lost(tmp_path):
    write_log(tmp_path / "log", team_at_work(hunts=60, now=NOW))
    with TelemetryReader(tmp_path / "log", cache_directory=tmp_path / "cache") as reader:
        reader.refresh()
        count = "SELECT count(*), count(*) FILTER (excerpt <> '') FROM hunts"
        ((hunts, texts),) = reader.rows(count)
        ((session, mine),) = reader.rows(
            "SELECT session, count(*) FROM hunts WHERE excerpt <> '' GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
        )
        assert redact_sessions(tmp_path / "log", [session]).records >= mine > 0
        reader.refresh()
        assert reader.rows(count) == [(hunts, texts - mine)]
        assert reader.rows("SELECT count(*) FROM hunts WHERE session = ? AND trainer <> ''", [session]) == [(0,)]


def test_a_file_that_was_replaced_while_waiting_for_its_lock_is_opened_again(tmp_path):

    path = write(tmp_path / "a", [b"old\n"])
    holder = open_locked(path, os.O_RDWR)
    opened = []
    waiting = threading.Thread(target=lambda: opened.append(open_locked(path, os.O_RDWR)))
    waiting.start()
    write(tmp_path / "b", [b"new\n"]).rename(path)
    os.close(holder)
    waiting.join(10)
    assert os.read(opened[0], 10) == b"new\n"
    os.close(opened[0])
