"""The writer never holds up a hunt, loses nothing it need not lose, and counts what it loses."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core.settings import TelemetrySettings
from core.telemetry import appending
from core.telemetry.appending import append_lines
from core.telemetry.names import day_of, file_name
from core.telemetry.records import TYPES, ProcessRecord, Record
from core.telemetry.writer import TelemetryStatus, TelemetryWriter, rough_bytes

ROOT = Path(__file__).resolve().parents[3]
STARTED = ProcessRecord(action="started", instance="api-1", version="0.1.0")


class HandClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def a_writer(directory: Path, clock: HandClock, instance: str = "api-1", **settings) -> TelemetryWriter:
    return TelemetryWriter(instance, TelemetrySettings(directory=str(directory), **settings), clock)


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_nothing_recorded_writes_no_file(tmp_path, clock):
    async with a_writer(tmp_path / "log", clock) as writer:
        await writer.flush()
    assert not (tmp_path / "log").exists()
    assert writer.status() == TelemetryStatus()


async def test_a_record_is_one_line_in_the_envelope(tmp_path, clock):
    async with a_writer(tmp_path, clock) as writer:
        writer.record(STARTED)
    assert lines_of(tmp_path / "telemetry-2026-11-24-api-1.jsonl") == [
        {
            "ts": "2026-11-24T23:59:59Z",
            "type": "process",
            "schema": 1,
            "data": {"action": "started", "instance": "api-1", "version": "0.1.0", "dropped": 0},
        }
    ]
    assert writer.status() == TelemetryStatus(written=1)


async def test_leaving_the_block_writes_what_is_still_queued(tmp_path, clock):
    async with a_writer(tmp_path, clock, flush_interval_s=3600) as writer:
        await asyncio.sleep(0)
        for _ in range(2500):
            writer.record(STARTED)
    assert len(lines_of(next(tmp_path.iterdir()))) == 2500
    assert writer.status() == TelemetryStatus(written=2500)


async def test_the_task_writes_by_itself(tmp_path, clock):
    async with a_writer(tmp_path, clock, flush_interval_s=0.01) as writer:
        writer.record(STARTED)
        async with asyncio.timeout(10):
            while writer.status().written == 0:
                await asyncio.sleep(0.005)


async def test_a_full_queue_drops_and_counts(tmp_path, clock):
    writer = a_writer(tmp_path, clock, max_queued_records=3)
    for _ in range(5):
        writer.record(STARTED)
    assert writer.status() == TelemetryStatus(queued=3, queued_bytes=3 * rough_bytes(STARTED), dropped=2)
    await writer.flush()
    assert writer.status() == TelemetryStatus(written=3, dropped=2)


async def test_a_record_goes_into_the_file_of_its_own_day(tmp_path, clock):
    writer = a_writer(tmp_path, clock)
    writer.record(STARTED)
    clock.at += timedelta(seconds=1)
    writer.record(STARTED)
    await writer.flush()
    assert {path.name: len(lines_of(path)) for path in tmp_path.iterdir()} == {
        "telemetry-2026-11-24-api-1.jsonl": 1,
        "telemetry-2026-11-25-api-1.jsonl": 1,
    }


async def test_a_failing_disk_is_counted_and_tried_again(tmp_path, clock):
    directory = tmp_path / "log"
    directory.write_text("a file where the folder should be")
    writer = a_writer(directory, clock, max_queued_records=2)
    writer.record(STARTED)
    await writer.flush()
    await writer.flush()
    writer.record(STARTED)
    writer.record(STARTED)
    assert writer.status() == TelemetryStatus(queued=2, queued_bytes=2 * rough_bytes(STARTED), dropped=1, failed=2)
    directory.unlink()
    await writer.flush()
    assert writer.status() == TelemetryStatus(written=2, dropped=1, failed=2)
    assert len(lines_of(next(directory.iterdir()))) == 2


async def test_a_failing_disk_is_logged_once_per_episode(tmp_path, clock):
    directory = tmp_path / "log"
    directory.write_text("")
    writer = a_writer(directory, clock)
    writer.record(STARTED)
    with capture_logs() as logs:
        for _ in range(3):
            await writer.flush()
        directory.unlink()
        await writer.flush()
    assert [log["event"] for log in logs] == ["telemetry.disk_fails", "telemetry.disk_works_again"]


async def test_what_the_disk_does_not_take_at_the_end_is_counted_as_dropped(tmp_path, clock):
    directory = tmp_path / "log"
    directory.write_text("")
    async with a_writer(directory, clock) as writer:
        writer.record(STARTED)
    status = writer.status()
    assert (status.queued, status.written, status.dropped) == (0, 0, 1)


async def test_a_record_that_cannot_be_written_harms_no_other(tmp_path, clock):
    writer = a_writer(tmp_path, clock)
    writer.record(STARTED)
    writer.record("no record at all")  # type: ignore[arg-type]
    writer.record(STARTED.model_copy(update={"version": "\ud800"}))
    writer.record(STARTED)
    await writer.flush()
    assert writer.status() == TelemetryStatus(written=2, dropped=2)


async def test_a_folder_deleted_while_running_is_made_again(tmp_path, clock):
    directory = tmp_path / "log"
    writer = a_writer(directory, clock)
    for _ in range(2):
        writer.record(STARTED)
        await writer.flush()
        path = next(directory.iterdir())
        assert len(lines_of(path)) == 1
        path.unlink()
        directory.rmdir()


async def test_only_outdated_telemetry_files_are_removed(tmp_path, clock):
    kept = ["telemetry-2026-11-22-a.jsonl", "telemetry-2026-11-24-a.jsonl", "notes-2020-01-01-a.jsonl", "telemetry.txt"]
    gone = ["telemetry-2026-11-21-a.jsonl", "telemetry-2020-01-01-b.jsonl.gz"]
    for name in kept + gone:
        (tmp_path / name).write_text("{}\n")
    writer = a_writer(tmp_path, clock, retention_days=2)
    await writer.flush()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
    clock.at += timedelta(days=1)
    await writer.flush()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept[1:])


async def test_two_processes_of_one_name_never_mix_their_lines(tmp_path):
    script = (
        "import asyncio, sys\nfrom core.clock import SystemClock\n"
        "from core.settings import TelemetrySettings\nfrom core.telemetry.records import ProcessRecord\n"
        "from core.telemetry.writer import TelemetryWriter\n"
        "async def main():\n"
        "    async with TelemetryWriter('same', TelemetrySettings(sys.argv[1]), SystemClock()) as writer:\n"
        "        for _ in range(100):\n"
        "            for _ in range(20):\n"
        "                writer.record(ProcessRecord(action='started', instance=sys.argv[2], version='v' * 900))\n"
        "            await writer.flush()\n"
        "asyncio.run(main())\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name], cwd=ROOT) for name in ("one", "two")]
    assert [process.wait(50) for process in both] == [0, 0]
    instances = [line["data"]["instance"] for path in tmp_path.iterdir() for line in lines_of(path)]
    assert {name: instances.count(name) for name in ("one", "two")} == {"one": 2000, "two": 2000}


def test_a_line_cut_by_a_crash_harms_no_other(tmp_path):
    path = tmp_path / "telemetry-2026-11-24-a.jsonl"
    path.write_bytes(b'{"whole": 1}\n{"cut')
    assert append_lines(path, [b'{"next": 2}\n']) == 1
    assert path.read_bytes() == b'{"whole": 1}\n{"cut\n{"next": 2}\n'


def test_a_disk_that_takes_half_a_batch_gets_the_rest_later(tmp_path, monkeypatch):
    path = tmp_path / "telemetry-2026-11-24-a.jsonl"
    real = appending.os.write
    monkeypatch.setattr(appending.os, "write", lambda descriptor, lines: real(descriptor, lines[:13]))
    assert append_lines(path, [b'{"n": 1}\n', b'{"n": 2}\n']) == 1
    monkeypatch.undo()
    assert append_lines(path, [b'{"n": 2}\n']) == 1
    assert path.read_bytes().splitlines() == [b'{"n": 1}', b'{"n"', b'{"n": 2}']


@pytest.mark.parametrize("instance", ["../../etc/passwd", "a/b\\c", "", "...", "x" * 500, "häuschen 1\n"])
def test_an_instances_name_never_leaves_the_folder(tmp_path, instance):
    path = tmp_path / file_name(datetime(2026, 11, 24, tzinfo=UTC).date(), instance)
    assert path.parent == tmp_path
    assert path.resolve().parent == tmp_path.resolve()
    assert day_of(path.name) == datetime(2026, 11, 24, tzinfo=UTC).date()
    assert len(path.name) < 200


def test_no_record_has_room_for_a_secret():
    names = {name for record in TYPES for name in record.model_fields}  # type: ignore[attr-defined]
    assert not [
        name for name in names if any(word in name for word in ("key", "secret", "header", "url", "session_id"))
    ]
    assert set(TYPES) == set(Record.__args__)  # type: ignore[attr-defined]


async def test_a_queue_is_bounded_in_bytes_and_what_finds_no_room_is_counted_and_told_once(
    tmp_path, clock, monkeypatch
):
    monkeypatch.setattr(appending.os, "write", no_space)
    writer = a_writer(tmp_path, clock, max_queued_bytes=2**20)
    large = ProcessRecord(action="started", instance="é" * 100_000, version="0.1.0")
    small = [STARTED] * 3
    with capture_logs() as told:
        for rec in [large] * 50:
            writer.record(rec)
        await writer.flush()  # refused by the disk: what was encoded still waits, and still counts
        for rec in [large] * 50 + small:
            writer.record(rec)
    status = writer.status()
    assert status.queued_bytes <= 2**20
    assert status.queued < 20
    assert status.queued + status.dropped == 103
    assert [line["event"] for line in told].count("telemetry.queue_full") <= 2
    monkeypatch.undo()
    await writer.flush()
    assert (writer.status().queued, writer.status().queued_bytes) == (0, 0)
    writer.record(large)
    assert writer.status().dropped == status.dropped


def no_space(*_):
    raise OSError(28, "No space left on device")


async def test_the_log_is_nobody_else_s_to_read_whatever_the_umask(tmp_path, clock):
    before = os.umask(0)
    try:
        old = tmp_path / "log" / "telemetry-2026-11-24-api-1.jsonl"
        async with a_writer(tmp_path / "log", clock) as writer:
            writer.record(STARTED)
        assert (old.stat().st_mode & 0o777, old.parent.stat().st_mode & 0o777) == (0o640, 0o750)
        old.chmod(0o666)  # as releases before left it
        async with a_writer(tmp_path / "log", clock) as writer:
            writer.record(STARTED)
        assert old.stat().st_mode & 0o777 == 0o660
    finally:
        os.umask(before)
