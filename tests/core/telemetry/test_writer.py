"""The writer never holds up a hunt, loses nothing it need not lose, and counts what it loses."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

from structlog.testing import capture_logs

from core.settings import TelemetrySettings
from core.telemetry import appending
from core.telemetry.records import TYPES, ProcessRecord, Record
from core.telemetry.writer import TelemetryStatus, TelemetryWriter, rough_bytes
from tests.core.telemetry.conftest import HandClock

STARTED = ProcessRecord(action="started", instance="api-1", version="0.1.0")


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


def test_no_record_has_room_for_a_secret():
    names = {name for record in TYPES for name in record.model_fields}  # type: ignore[attr-defined]
    assert not [
        name for name in names if any(word in name for word in ("key", "secret", "header", "url", "session_id"))
    ]
    assert set(TYPES) == set(Record.__args__)  # type: ignore[attr-defined]


async def test_a_queue_is_bounded_in_bytes_and_dropped_records_are_counted_and_logged_once(
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
