"""Removes the texts of deleted sessions from the telemetry log of this host, within a minute or two.

Which sessions were deleted is known from the library, so that every host learns of it; without one, from this process
and, at its start, from the log.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from core.clock import Clock
from core.hunting.records import session_mark
from core.library.base import Library, LibraryAway
from core.library.records import LibraryEvent, SessionChanges
from core.sessions.library_records import milliseconds
from core.supervise import running
from core.telemetry.redact_deleted import deleted_sessions, redact_sessions, remove_abandoned_copies
from core.telemetry.writer import TelemetryWriter

log = structlog.get_logger(__name__)

EVERY_S = 60.0
LATE_MS = 10 * 60 * 1000
"""After a deletion: calls that were in flight then have ended, and the log is redacted once more."""
MAX_FROM_LOG = 10_000
REDACTED = "telemetry_redacted"
"""Action of the event that records it."""


@dataclass
class _Deleted:
    session_id: str
    """"" if only the log names it."""
    deleted_ms: int
    redacted_ms: int | None = None

    def is_due(self) -> bool:
        return self.redacted_ms is None or self.redacted_ms < self.deleted_ms + LATE_MS


class TelemetryRedactor:
    def __init__(
        self, telemetry: TelemetryWriter, directory: Path, keep_days: int, library: Library | None, clock: Clock
    ) -> None:
        """`keep_days`: no file of the log is older (TELEMETRY_DAYS)."""
        self._telemetry = telemetry
        self._directory = directory
        self._keep_days = keep_days
        self._library = library
        self._clock = clock
        self._stopping = threading.Event()
        self._deleted: dict[str, _Deleted] = {}
        """By `session_mark`."""

    def add(self, session_id: str) -> None:
        """Redact a session that this process deleted just now. With a library, the library knows."""
        if self._library is None:
            self._add(session_id, milliseconds(self._clock.now()))

    async def run(self) -> None:
        """Redact until cancelled. Short commands end before the log is searched."""
        try:
            await self._remove_abandoned_copies()
            await asyncio.sleep(EVERY_S)
            if self._library is None:
                await self._learn_from_log()
            while True:
                await self.redact()
                await asyncio.sleep(EVERY_S)
        finally:
            self._stopping.set()

    async def redact(self) -> None:
        """Redact what was deleted and is not redacted yet. What fails is tried again with the next call."""
        now_ms = milliseconds(self._clock.now())
        if self._library is not None:
            await self._learn_from_library(self._library, now_ms)
        due = {mark: one for mark, one in self._deleted.items() if one.is_due() and self._may_run(one, now_ms)}
        if not due:
            return
        await self._telemetry.flush()
        try:
            result = await asyncio.to_thread(redact_sessions, self._directory, due, self._stopping)
        except OSError as error:
            log.warning("telemetry.not_redacted", error=str(error))
            return
        if result.records:
            log.info("telemetry.redacted", sessions=len(due), records=result.records, files=result.files)
            await self._record(due, now_ms)
        if not result.failed:
            for one in due.values():
                one.redacted_ms = now_ms

    async def _remove_abandoned_copies(self) -> None:
        """Those of an earlier process that was killed, also if no session is to be redacted any more."""
        try:
            await asyncio.to_thread(remove_abandoned_copies, self._directory)
        except OSError as error:
            log.warning("telemetry.copies_stay", error=str(error))

    def _may_run(self, one: _Deleted, now_ms: int) -> bool:
        return one.redacted_ms is None or now_ms >= one.deleted_ms + LATE_MS

    async def _learn_from_library(self, library: Library, now_ms: int) -> None:
        since_ms = now_ms - int(timedelta(days=self._keep_days).total_seconds() * 1000)
        try:
            found = await library.deletions(since_ms)
        except LibraryAway as error:
            log.debug("telemetry.redaction_postponed", reason=error.message)
            return
        for one in found:
            self._add(one.session_id, one.deleted_ms)
        self._deleted = {mark: one for mark, one in self._deleted.items() if one.is_due() or one.deleted_ms >= since_ms}

    async def _learn_from_log(self) -> None:
        try:
            found = await asyncio.to_thread(deleted_sessions, self._directory, MAX_FROM_LOG)
        except OSError as error:
            log.warning("telemetry.not_redacted", error=str(error))
            return
        for mark in found:
            self._deleted.setdefault(mark, _Deleted("", 0))

    def _add(self, session_id: str, deleted_ms: int) -> None:
        self._deleted.setdefault(session_mark(session_id), _Deleted(session_id, deleted_ms))

    async def _record(self, due: dict[str, _Deleted], now_ms: int) -> None:
        """Each session of a deletion that the library has gets an event. Without a library, the log's own record of
        the deletion is all that remains."""
        if self._library is None:
            return
        event = LibraryEvent(f"{REDACTED}.{now_ms}", now_ms, "", REDACTED)
        changes = [
            SessionChanges(one.session_id, one.deleted_ms, events=(event,), deleted_by="")
            for one in due.values()
            if one.session_id
        ]
        try:
            await self._library.write(changes)
        except LibraryAway as error:
            log.warning("telemetry.redaction_not_recorded", reason=error.message)


@asynccontextmanager
async def open_telemetry_redactor(
    redactor: TelemetryRedactor, on_bug: Callable[[BaseException], None]
) -> AsyncIterator[TelemetryRedactor]:
    """Redact in the background until the block ends."""
    async with running(on_bug, telemetry_redaction=redactor.run):
        yield redactor
