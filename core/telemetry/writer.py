"""Writes telemetry without delaying hunts: a bounded queue, and one task that writes it.

    async with TelemetryWriter(instance, settings.telemetry, SystemClock()) as telemetry:
        telemetry.record(HuntRecord(...))      # about a microsecond; never waits, never raises

Records that do not fit into the queue are dropped and counted. If the disk fails, the same records are tried again at
the next flush. Leaving the block writes the rest once, and counts records that the disk rejects as dropped.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime
from itertools import takewhile
from pathlib import Path
from typing import Self

import orjson
import structlog

from core import __version__
from core.clock import Clock
from core.domain.value import Value
from core.settings import TelemetrySettings
from core.telemetry.appending import FOLDER_MODE, append_lines
from core.telemetry.file_names import file_name, outdated, telemetry_files
from core.telemetry.records import SCHEMA, TYPES, ProcessRecord, Record

log = structlog.get_logger(__name__)

RECORDS_PER_WRITE = 1000
"""Records that are encoded at a time: about a megabyte, however long the queue is."""

RECORD_BYTES = 1000
"""Approximate memory of a record without its texts."""


class TelemetryStatus(Value):
    """Counts since this process started."""

    queued: int = 0
    queued_bytes: int = 0
    """Approximate memory of the queued records."""
    written: int = 0
    dropped: int = 0
    """Records that never reach the log: the queue was full (in records or bytes), they could not be encoded, or the
    process ended first."""
    failed: int = 0
    """Failed writes; their records are kept and tried again."""


class TelemetryWriter:
    def __init__(self, instance: str, settings: TelemetrySettings, clock: Clock) -> None:
        self._directory = Path(settings.directory)
        self._instance = instance
        self._max_queue = settings.max_queued_records
        self._queue_max_bytes = settings.max_queued_bytes
        self._keep_days = settings.retention_days
        self._flush_s = settings.flush_interval_s
        self._clock = clock
        self._queue: deque[tuple[datetime, Record, int]] = deque()
        self._lines: deque[tuple[date, bytes, int]] = deque()
        """Encoded records that are being written; they stay here until they are completely in the file."""
        self._bytes_in = self._bytes_out = 0
        """Bytes added to the queue, changed only by the caller's thread, and bytes removed, changed only by the
        writing thread."""
        self._full = False
        self._written = self._dropped = self._failed = 0
        self._failing = False
        self._cleaned_on: date | None = None
        self._one_at_a_time = threading.Lock()
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def record(self, rec: Record) -> None:
        """Queue `rec` with the current time. Never waits and never raises."""
        size = rough_bytes(rec)
        if self._waiting >= self._max_queue or self._waiting_bytes + size > self._queue_max_bytes:
            self._drop()
        else:
            self._full = False
            self._bytes_in += size
            self._queue.append((self._clock.now(), rec, size))

    def status(self) -> TelemetryStatus:
        return TelemetryStatus(
            queued=self._waiting,
            queued_bytes=self._waiting_bytes,
            written=self._written,
            dropped=self._dropped,
            failed=self._failed,
        )

    async def flush(self) -> None:
        """Write the currently queued records in a thread. A failing disk is counted, and unwritten records stay
        queued."""
        await asyncio.to_thread(self._write_queue)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._flush_periodically(), name="telemetry writer")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ending.set()
        if self._task is not None:
            await self._task
        await self.flush()
        if left := self._waiting:
            log.error("telemetry.lost_at_the_end", records=left, directory=str(self._directory))
            self._dropped += left
            self._queue.clear()
            self._lines.clear()
            self._bytes_out = self._bytes_in

    @property
    def _waiting(self) -> int:
        return len(self._queue) + len(self._lines)

    @property
    def _waiting_bytes(self) -> int:
        return self._bytes_in - self._bytes_out

    def _drop(self) -> None:
        """Count a dropped record, and log the first one until there is room again."""
        self._dropped += 1
        if not self._full:
            self._full = True
            log.warning("telemetry.queue_full", records=self._waiting, bytes=self._waiting_bytes)

    async def _flush_periodically(self) -> None:
        while not self._ending.is_set():
            try:
                if self._waiting or self._clock.now().date() != self._cleaned_on:
                    await self.flush()
            except Exception:  # a bug here must not end telemetry or anything else
                self._failed += 1
                log.exception("telemetry.flush_failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), self._flush_s)

    # ---------------------------------------------------------------- below: in the thread

    def _write_queue(self) -> None:
        with self._one_at_a_time:
            self._remove_outdated_files()
            try:
                for _ in range(1 + self._waiting // RECORDS_PER_WRITE):
                    self._encode_some()
                    self._write_lines()
            except OSError as error:
                self._record_failure(error)
            else:
                self._record_success()

    def _encode_some(self) -> None:
        while self._queue and len(self._lines) < RECORDS_PER_WRITE:
            at, rec, size = self._queue.popleft()
            try:
                self._lines.append((at.date(), _line(at, rec), size))
            except TypeError as error:
                self._dropped += 1
                self._bytes_out += size
                log.error("telemetry.record_cannot_be_written", record=type(rec).__name__, error=str(error))

    def _write_lines(self) -> None:
        """Removes lines only when they are in the file. Raises OSError if not all of them could be written."""
        while self._lines:
            day, of_day = self._lines_of_one_day()
            self._directory.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            taken = append_lines(self._directory / file_name(day, self._instance), of_day)
            self._written += taken
            for _ in range(taken):
                self._bytes_out += self._lines.popleft()[2]
            if taken < len(of_day):
                raise OSError(f"only {taken} of {len(of_day)} lines could be written to the disk")

    def _lines_of_one_day(self) -> tuple[date, list[bytes]]:
        first = self._lines[0][0]
        return first, [line for _, line, _ in takewhile(lambda entry: entry[0] == first, self._lines)]

    def _record_failure(self, error: OSError) -> None:
        self._failed += 1
        if not self._failing:
            log.warning("telemetry.disk_fails", directory=str(self._directory), error=str(error))
        self._failing = True

    def _record_success(self) -> None:
        if self._failing:
            log.info("telemetry.disk_works_again", directory=str(self._directory))
        self._failing = False

    def _remove_outdated_files(self) -> None:
        today = self._clock.now().date()
        if today == self._cleaned_on:
            return
        self._cleaned_on = today
        try:
            for path in outdated(telemetry_files(self._directory), today, self._keep_days):
                path.unlink(missing_ok=True)
                log.info("telemetry.outdated_file_removed", file=path.name)
        except OSError as error:
            log.warning("telemetry.outdated_file_stays", directory=str(self._directory), error=str(error))


def rough_bytes(rec: Record) -> int:
    """Approximate memory of a record; nearly all of it is texts."""
    try:
        return RECORD_BYTES + sum(map(sys.getsizeof, vars(rec).values()))
    except TypeError:  # not a record: reported when it is written
        return RECORD_BYTES


def _line(at: datetime, rec: Record) -> bytes:
    """One line of the log. Raises TypeError for values that are no record or cannot be written as JSON."""
    kind = TYPES.get(type(rec))
    if kind is None:
        raise TypeError(f"{type(rec).__name__} is not a telemetry record")
    envelope = {"ts": at, "type": kind, "schema": SCHEMA, "data": vars(rec)}
    return orjson.dumps(envelope, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


@asynccontextmanager
async def open_telemetry(instance: str, settings: TelemetrySettings, clock: Clock) -> AsyncIterator[TelemetryWriter]:
    """A writer that records the end of the process last, with the number of dropped records."""
    async with TelemetryWriter(instance, settings, clock) as writer:
        try:
            yield writer
        finally:
            dropped = writer.status().dropped
            writer.record(ProcessRecord(action="stopped", instance=instance, version=__version__, dropped=dropped))
