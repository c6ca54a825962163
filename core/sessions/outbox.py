"""Writes changed sessions to the library, behind the hot path.

A change only leaves a mark here: the new head or hunt, in memory. One task writes the marked states every
`flush_interval_s`, each at most once per interval. What the database does not take is written to a journal on disk and
delivered when the database is back, also by the next process; what the disk does not take either stays marked.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from cachetools import LRUCache

from core.clock import Clock
from core.domain.hunt import Hunt
from core.domain.session import Session
from core.errors import NotFound
from core.library.base import Library, LibraryAway, LibraryRejected
from core.library.records import LibraryEvent, SessionChanges
from core.sessions.base import SessionCopy
from core.sessions.codec import StoredUnreadable
from core.sessions.journal import Journal
from core.sessions.library_journal import read_changes, write_changes
from core.sessions.library_records import (
    actor_of,
    change_events,
    created_event,
    milliseconds,
    worth_storing,
)
from core.sessions.pending_changes import BATCH_SESSIONS, Encoder, PendingChanges, next_batch

log = structlog.get_logger(__name__)

MAX_REPLIES = 50_000
"""Hunts whose reply is known to be in the library."""
ADOPT_EVERY_S = 60.0
"""Between two searches for journals of dead processes."""
CLOSE_S = 10.0
"""Longest last write at shutdown; then the rest goes to the journal."""


class Outbox:
    def __init__(
        self,
        library: Library,
        journal: Journal,
        clock: Clock,
        *,
        max_waiting_hunts: int,
        on_bug: Callable[[BaseException], None],
    ) -> None:
        self._library = library
        self._journal = journal
        self._clock = clock
        self._max_hunts = max_waiting_hunts
        self._on_bug = on_bug
        self.copy: Callable[[str], Awaitable[SessionCopy]] = _no_copy
        """Reads a session from the live store, without renewing it."""
        self._marked: dict[str, PendingChanges] = {}
        self._waiting_hunts = 0
        self._replied: LRUCache[tuple[str, str], bool] = LRUCache(MAX_REPLIES)
        self._writing = asyncio.Lock()
        self._begun = self._ended = 0
        """Calls of `flush`, and the last one that was not interrupted."""
        self._adopted_at: float | None = None
        self._journaled_since: float | None = None
        """Since when the journal has changes that the library lacks."""
        self._batch_since: float | None = None
        self.problem = ""
        """Why the last write failed."""
        self.rejected = 0
        """Sessions whose changes the database rejected."""

    # -- marks: no I/O

    def record_created(self, session: Session, notebook: bytes) -> None:
        marked = self._mark(session.session_id)
        marked.update_head(session)
        marked.notebook = notebook
        marked.events.append(created_event(session, self._clock.now()))

    def record_change(self, before: Session, after: Session) -> None:
        marked = self._mark(after.session_id)
        marked.update_head(after)
        marked.events += change_events(before, after, self._clock.now())

    def record_hunt(self, session_id: str, hunt: Hunt) -> None:
        if worth_storing(hunt):
            marked = self._mark(session_id)
            self._waiting_hunts += hunt.hunt_id not in marked.hunts
            marked.update_hunt(hunt)

    def record_copy(self, copy: SessionCopy) -> None:
        """A whole session, parts of which may be in the library."""
        session_id = copy.session.session_id
        marked = self._mark(session_id)
        marked.update_head(copy.session)
        marked.notebook = copy.notebook
        for hunt in copy.hunts:
            self._replied.pop((session_id, hunt.hunt_id), None)
            self.record_hunt(session_id, hunt)

    def record_action(self, session: Session, action: str, detail: str) -> None:
        at_ms = milliseconds(self._clock.now())
        self._mark(session.session_id).events.append(
            LibraryEvent(secrets.token_hex(8), at_ms, actor_of(session), action, detail)
        )

    def record_deleted(self, session_id: str, actor: str) -> None:
        earlier = self._marked.pop(session_id, None)
        self._waiting_hunts -= len(earlier.hunts) if earlier else 0
        marked = self._mark(session_id)
        marked.deleted_by = actor
        marked.events = earlier.events if earlier else []

    def is_deleted(self, session_id: str) -> bool:
        """Whether its deletion waits to be written."""
        return session_id in self._marked and self._marked[session_id].deleted_by is not None

    def may_hold(self, session_id: str) -> bool:
        """Whether something of the session may wait here or in a journal, also of a process before."""
        journal_waits = self._journaled_since is not None or self._adopted_at is None
        return session_id in self._marked or journal_waits or self._writing.locked()

    def _mark(self, session_id: str) -> PendingChanges:
        if session_id not in self._marked:
            self._marked[session_id] = PendingChanges(self._clock.monotonic())
        return self._marked[session_id]

    # -- status

    @property
    def waiting(self) -> int:
        """Sessions with changes that are only in this process."""
        return len(self._marked)

    @property
    def journal_bytes(self) -> int:
        return self._journal.size_bytes

    @property
    def journal_problem(self) -> str:
        return self._journal.problem

    @property
    def behind_s(self) -> float:
        """Age of the oldest change that is not in the library."""
        ages = [one.since_s for one in self._marked.values()]
        ages += [since for since in (self._journaled_since, self._batch_since) if since is not None]
        return round(max(0.0, self._clock.monotonic() - min(ages)), 1) if ages else 0.0

    # -- writing

    async def run(self, interval_s: float) -> None:
        """Write until cancelled. Until the library is open, changes are written to the journal."""
        opening = asyncio.create_task(self._open(), name="open-library")
        try:
            while True:
                await asyncio.sleep(interval_s)
                if opening.done():
                    await self.flush()
                else:
                    await self.flush_to_journal()
        finally:
            opening.cancel()

    async def flush(self) -> None:
        """Write everything that is marked now, to the library or to the journal. A call that waits for another one is
        done with the first that begins after it."""
        begun = self._begun
        async with self._writing:
            if self._ended > begun:
                return
            self._begun += 1
            if await self._deliver_journal():
                await self._write_marked()
                if self.journal_problem and not self._marked and self._journaled_since is None:
                    await asyncio.to_thread(self._journal.clear)  # of a batch, what a full disk took of it
            else:
                await self._journal_marked()
            self._ended = self._begun

    async def flush_to_journal(self) -> None:
        """Write everything that is marked now to the journal only."""
        async with self._writing:
            await self._journal_marked()

    async def _open(self) -> None:
        try:
            await self._library.open()
        except LibraryAway as error:
            self._report(error)

    async def close(self) -> None:
        """Write the rest. What the library does not take in time remains in the journal, for the next process."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self.flush()
        if self._marked:
            await self._journal_marked()
        await asyncio.to_thread(self._journal.close)

    async def _deliver_journal(self) -> bool:
        """Write what the journal has. Returns False while the library is unavailable."""
        now_s = self._clock.monotonic()
        if self._adopted_at is None or now_s - self._adopted_at >= ADOPT_EVERY_S:
            self._adopted_at = now_s
            if await asyncio.to_thread(lambda: list(self._journal.adopt())):
                self._start_lag(now_s)
        if self._journaled_since is None:
            return True
        changes, delivered = read_changes(self._journal), True
        while some := await asyncio.to_thread(next_batch, changes):
            delivered = delivered and await self._write(some)
            if not delivered:
                return False
        await asyncio.to_thread(self._journal.clear)
        self._journaled_since = None
        return True

    async def _write_marked(self) -> None:
        while self._marked:
            batch = self._take()
            written = False
            try:
                changes = await self._encoded(batch)
                written = await self._write(changes)
                if not written and await self._write_to_journal(changes):
                    written = True
            finally:
                self._batch_since = None
                if not written:
                    self._restore(batch)
            if not written or self._journaled_since is not None:
                return

    async def _journal_marked(self) -> None:
        while self._marked:
            batch = self._take()
            written = False
            try:
                written = await self._write_to_journal(await self._encoded(batch))
            finally:
                self._batch_since = None
                if not written:
                    self._restore(batch)
            if not written:
                return

    async def _write(self, changes: list[SessionChanges]) -> bool:
        """Write to the library. Returns False while it is unavailable. A session that it rejects is written alone, so
        that it does not block the others."""
        try:
            await self._library.write(changes)
        except LibraryRejected as error:
            if len(changes) > 1:
                return all([await self._write([one]) for one in changes])
            self.rejected += 1
            log.error("library.rejected", reason=error.message)
            self._on_bug(error)
        except LibraryAway as error:
            self._report(error)
            return False
        if self.problem:
            log.info("library.available")
        self.problem = ""
        for one in changes:
            for hunt in one.hunts:
                if hunt.reply:
                    self._replied[one.session_id, hunt.hunt_id] = True
        return True

    def _report(self, error: LibraryAway) -> None:
        if not self.problem:
            log.warning("library.unavailable", reason=error.message)
        self.problem = error.message

    async def _write_to_journal(self, changes: list[SessionChanges]) -> bool:
        def write() -> bool:
            return all(write_changes(self._journal, one) for one in changes)

        oldest_s = self._batch_since
        for one in changes:
            if one.deleted_by is not None:
                await self._journal.remove_session(one.session_id)
        written = await asyncio.to_thread(write)
        if written:
            self._start_lag(self._clock.monotonic() if oldest_s is None else oldest_s)
            await self._journal.sync()
        return written

    def _start_lag(self, since_s: float) -> None:
        if self._journaled_since is None:
            self._journaled_since = since_s

    def _take(self) -> dict[str, PendingChanges]:
        """Take the sessions that were marked first, at least one."""
        batch = {session_id: self._marked.pop(session_id) for session_id in list(self._marked)[:BATCH_SESSIONS]}
        self._batch_since = min(one.since_s for one in batch.values())
        self._waiting_hunts -= sum(len(one.hunts) for one in batch.values())
        return batch

    def _restore(self, batch: dict[str, PendingChanges]) -> None:
        """Mark again what could not be written. A deletion meanwhile wins."""
        for session_id, earlier in batch.items():
            marked = self._marked.setdefault(session_id, earlier)
            if marked.deleted_by is not None and marked is not earlier:
                marked.events = [*earlier.events, *marked.events]
            elif marked is not earlier:
                self._waiting_hunts -= len(marked.hunts)
                marked.add_earlier(earlier)
                marked.deleted_by = earlier.deleted_by
            if self._waiting_hunts + len(marked.hunts) > self._max_hunts and marked.deleted_by is None:
                marked.hunts, marked.reread = {}, True
            self._waiting_hunts += len(marked.hunts)

    async def _encoded(self, batch: dict[str, PendingChanges]) -> list[SessionChanges]:
        now_ms, encoder = milliseconds(self._clock.now()), Encoder(self._replied)
        found = []
        for session_id, pending in batch.items():
            if pending.reread:
                await self._read_again(session_id, pending)
            found.append(await encoder.encode(session_id, pending, now_ms))
        return found

    async def _read_again(self, session_id: str, marked: PendingChanges) -> None:
        with suppress(NotFound, StoredUnreadable):  # one session must not keep the others from being written
            copy = await self.copy(session_id)
            marked.update_head(copy.session)
            for hunt in copy.hunts:
                if worth_storing(hunt):
                    marked.update_hunt(hunt)


async def _no_copy(session_id: str) -> SessionCopy:
    raise NotFound(session_id)
