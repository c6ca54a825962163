"""Restores a session that is only in the library, under its own ID, when it is used; and reads or summarises one there
without restoring it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakValueDictionary

import structlog
from cachetools import LRUCache

from core.clock import Clock
from core.domain.task_state import has_open_work
from core.errors import NotFound, RedisAway
from core.library.base import Library
from core.library.records import StoredProgress
from core.sessions.base import SessionCopy, SessionStore, SessionSummary, no_session
from core.sessions.codec import StoredUnreadable, read_head, read_hunt
from core.sessions.library_records import milliseconds
from core.sessions.memory import to_kept_session
from core.sessions.outbox import Outbox

T = TypeVar("T")
log = structlog.get_logger(__name__)

EndWork = Callable[[SessionCopy], SessionCopy]
"""Ends the unfinished work of a session that nobody has continued, as interrupted."""
REDIS_AWAY_S = 10.0
"""Outage of Redis after which sessions that this process does not know are restored from the library: they may have
newer changes in Redis, which are merged when it is back."""
MAX_DELETED = 10_000
DECODED_AT_ONCE = 20
"""Hunts that are decoded without a pause: a millisecond or two."""
MAX_SUMMARIES = 500


@dataclass(frozen=True, slots=True)
class FoundCopy:
    copy: SessionCopy
    changed_ms: int
    """When it was last written."""


class SessionRestorer:
    def __init__(
        self,
        live: SessionStore,
        library: Library,
        outbox: Outbox,
        clock: Clock,
        *,
        ttl_s: float,
        end_work: EndWork,
        reattached: set[str],
    ) -> None:
        """`reattached`: restored sessions with work to resume are added to it. Work that was broken off more than
        `ttl_s` before is ended by `end_work` instead: nobody expects it to cost anything any more."""
        self._live = live
        self._library = library
        self._outbox = outbox
        self._clock = clock
        self._ttl_s = ttl_s
        self._end_work = end_work
        self._reattached = reattached
        self._restoring: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._deleted: LRUCache[str, bool] = LRUCache(MAX_DELETED)

    def refuse(self, session_id: str) -> None:
        """A deleted session is not restored again, whatever the library still has of it."""
        self._deleted[session_id] = True

    def is_deleted(self, session_id: str) -> bool:
        """Whether this process has deleted it. The library knows of other processes."""
        return session_id in self._deleted or self._outbox.is_deleted(session_id)

    async def use(self, session_id: str, use: Callable[[], Awaitable[T]]) -> T:
        """Use the live session, which is restored first if it is only in the library. Raises NotFound, RedisAway,
        LibraryAway."""
        try:
            return await use()
        except (NotFound, RedisAway) as error:
            await self.prepare_to_read(session_id, error)
        await self._restore(session_id)
        return await use()

    async def restore_active(self) -> None:
        """Restore the sessions whose work was broken off within the last `ttl_s`. Raises LibraryAway."""
        await self._outbox.flush()  # what an earlier process could not write
        since_ms = milliseconds(self._clock.now()) - int(self._ttl_s * 1000)
        for session_id in await self._library.active(since_ms):
            try:
                await self._live.summary(session_id)
            except NotFound:
                with suppress(StoredUnreadable):  # the others are restored all the same
                    await self._restore(session_id)

    async def prepare_to_read(self, session_id: str, error: NotFound | RedisAway) -> None:
        """Write what waits for the library of a session that the live store does not have. Raises the error again if
        the library cannot help."""
        if isinstance(error, RedisAway):
            since = self._live.state().since
            away_s = 0.0 if since is None else (self._clock.now() - since).total_seconds()
            if error.reason != "session_out_of_reach" or away_s < REDIS_AWAY_S:
                raise error
        elif error.code != no_session().code or session_id in self._deleted:
            raise error
        if self._outbox.is_deleted(session_id):
            raise no_session()
        if self._outbox.may_hold(session_id):
            await self._outbox.flush()

    async def read(self, session_id: str) -> FoundCopy:
        """Read a session from the library. Raises NotFound, LibraryAway."""
        found = await read_copy(self._library, session_id)
        if found is None:
            raise no_session()
        return found

    async def _restore(self, session_id: str) -> None:
        lock = self._restoring.setdefault(session_id, asyncio.Lock())
        async with lock:
            found = await self.read(session_id)
            copy, state = found.copy, self._live.state()
            late_ms = milliseconds(self._clock.now()) - found.changed_ms - int(self._ttl_s * 1000)
            if late_ms > 0 and has_open_work(copy.session):
                copy = self._end_work(copy)
            if session_id in self._deleted:
                raise no_session()
            if not await self._live.restore(copy):
                return
            log.info("session.reopened", hunts=len(copy.hunts))
            if copy is not found.copy:
                self._outbox.record_copy(copy)
            if late_ms <= 0 and (state.backend == "redis" or not state.reason):
                self._reattached.add(session_id)


async def read_copy(library: Library, session_id: str) -> FoundCopy | None:
    """Read a session; None if the library does not have it."""
    found = await library.read(session_id)
    if found is None:
        return None
    hunts = []
    for place, (state, reply) in enumerate(found.hunts, 1):
        hunts.append(read_hunt(state, reply))
        if place % DECODED_AT_ONCE == 0:
            await asyncio.sleep(0)
    return FoundCopy(SessionCopy(read_head(found.head), found.notebook, tuple(hunts)), found.changed_ms)


class StoredSummaries:
    """Summaries of sessions in the library. An unchanged session is read once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: LRUCache[str, tuple[StoredProgress, SessionSummary]] = LRUCache(MAX_SUMMARIES)

    async def read(self, session_id: str) -> SessionSummary | None:
        progress = (await self._library.progress([session_id])).get(session_id)
        if progress is None:
            return None
        known = self._known.get(session_id)
        if known is not None and known[0] == progress:
            return known[1]
        found = await read_copy(self._library, session_id)
        if found is None:
            return None
        summary = await _summary(found.copy)
        self._known[session_id] = (progress, summary)
        return summary


async def _summary(copy: SessionCopy) -> SessionSummary:
    kept = await to_kept_session(copy)
    on_desk = tuple(kept.hunts[hunt_id] for hunt_id in copy.session.desk_ids if hunt_id in kept.hunts)
    return SessionSummary(session=copy.session, counts=kept.counts(), on_desk=on_desk)
