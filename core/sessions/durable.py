"""A session store whose sessions outlive it: changes are recorded in the library, and a session that has left the live
store is restored from there by its next use, under its own ID.

Nothing here waits for the library while a session is live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar
from weakref import WeakValueDictionary

import structlog
from cachetools import LRUCache

from core.clock import Clock
from core.domain.events import EventDraft
from core.domain.hunt import Hunt
from core.domain.run import Counts
from core.domain.session import Session
from core.domain.task_state import has_open_work
from core.errors import NotFound, RedisAway
from core.library.base import Library
from core.sessions.base import (
    Change,
    Claim,
    EventFactory,
    HuntPage,
    LibraryState,
    Saved,
    SessionCopy,
    SessionStore,
    SessionSummary,
    StoreState,
    no_events,
    no_session,
)
from core.sessions.codec import StoredUnreadable
from core.sessions.library_records import actor_of, milliseconds
from core.sessions.outbox import Outbox
from core.sessions.stored_sessions import FoundCopy, StoredSummaries, read_copy

T = TypeVar("T")
log = structlog.get_logger(__name__)

EndWork = Callable[[SessionCopy], SessionCopy]
"""Ends the unfinished work of a session that nobody has continued, as interrupted."""
REDIS_AWAY_S = 10.0
"""Outage of Redis after which sessions that this process does not know are restored from the library: they may have
newer changes in Redis, which are merged when it is back."""
KNOWN_ACTIONS = frozenset({"created", "checked", "deleted"})
"""Recorded with the change itself."""
DELETE_S = 2.0
"""Longest wait of a deletion for the library."""
MAX_DELETED = 10_000


class DurableSessionStore(SessionStore):
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
        self._summaries = StoredSummaries(library)
        self._reopening: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._deleted: LRUCache[str, bool] = LRUCache(MAX_DELETED)
        outbox.copy = live.copy

    @property
    def library(self) -> Library:
        return self._library

    async def flush(self) -> None:
        """Write the changes that wait for the library."""
        await self._outbox.flush()

    def state(self) -> StoreState:
        outbox = self._outbox
        library = LibraryState(
            problem=" ".join(filter(None, (outbox.problem, outbox.journal_problem))),
            waiting=outbox.waiting,
            behind_s=outbox.behind_s,
            journal_bytes=outbox.journal_bytes,
            rejected=outbox.rejected,
        )
        return self._live.state().model_copy(update={"library": library})

    async def create(self, session: Session, notebook: bytes) -> None:
        await self._live.create(session, notebook)
        self._outbox.record_created(session, notebook)

    async def restore(self, copy: SessionCopy) -> bool:
        restored = await self._live.restore(copy)
        if restored:
            self._outbox.record_copy(copy)
        return restored

    async def copy(self, session_id: str) -> SessionCopy:
        """Of a session in the library: without restoring it."""
        try:
            return await self._live.copy(session_id)
        except NotFound:
            return (await self._stored(session_id)).copy

    async def read(self, session_id: str) -> Session:
        return await self._use(session_id, lambda: self._live.read(session_id))

    async def change(
        self, session_id: str, change: Change, *, events: EventFactory = no_events, expected_version: int | None = None
    ) -> Session:
        before: Session | None = None

        def noted(session: Session) -> Session:
            nonlocal before
            before = session
            return change(session)

        after = await self._use(
            session_id,
            lambda: self._live.change(session_id, noted, events=events, expected_version=expected_version),
        )
        if before is not None and after is not before:
            self._outbox.record_change(before, after)
        return after

    async def publish(self, session_id: str, events: Sequence[EventDraft], *, version: int | None = None) -> bool:
        return await self._use(session_id, lambda: self._live.publish(session_id, events, version=version))

    async def save_hunt(
        self, session_id: str, hunt: Hunt, events: Sequence[EventDraft] = (), *, claim: Claim | None = None
    ) -> Saved:
        saved = await self._use(session_id, lambda: self._live.save_hunt(session_id, hunt, events, claim=claim))
        if saved is Saved.KEPT:
            self._outbox.record_hunt(session_id, hunt)
        return saved

    async def accept_claim(self, session_id: str, claim: Claim) -> bool:
        return await self._use(session_id, lambda: self._live.accept_claim(session_id, claim))

    async def refresh_hunts(self, session_id: str, hunt_ids: Collection[str]) -> None:
        await self._live.refresh_hunts(session_id, hunt_ids)

    async def hunts(self, session_id: str, *, after: int = 0, limit: int = 200, run_id: str | None = None) -> HuntPage:
        return await self._use(
            session_id, lambda: self._live.hunts(session_id, after=after, limit=limit, run_id=run_id)
        )

    async def hunt(self, session_id: str, hunt_id: str) -> Hunt:
        return await self._use(session_id, lambda: self._live.hunt(session_id, hunt_id))

    async def counts(self, session_id: str) -> Mapping[str, Counts]:
        return await self._use(session_id, lambda: self._live.counts(session_id))

    async def summary(self, session_id: str) -> SessionSummary:
        """Of a session in the library: without restoring it."""
        try:
            return await self._live.summary(session_id)
        except (NotFound, RedisAway) as error:
            await self._prepare_to_read(session_id, error)
        found = await self._summaries.read(session_id)
        if found is None:
            raise no_session()
        return found

    async def count_duplicates(self, session: Session) -> int:
        return await self._live.count_duplicates(session)

    async def notebook(self, session_id: str) -> bytes:
        return await self._use(session_id, lambda: self._live.notebook(session_id))

    def record_action(self, session: Session, action: str, detail: str = "") -> None:
        if action not in KNOWN_ACTIONS:
            self._outbox.record_action(session, action, detail)

    async def delete(self, session_id: str) -> None:
        """The deletion is written before this returns: to the library, or to the journal if that takes too long."""
        actor = actor_of(await self.read(session_id))
        await self._live.delete(session_id)
        self._deleted[session_id] = True
        self._outbox.record_deleted(session_id, actor)
        try:
            async with asyncio.timeout(DELETE_S):
                await self._outbox.flush()
        except TimeoutError:
            await self._outbox.flush_to_journal()

    async def is_deleted(self, session_id: str) -> bool:
        known = session_id in self._deleted or self._outbox.is_deleted(session_id)
        return known or bool(await self._library.deleted([session_id]))

    async def count(self) -> int:
        return await self._live.count()

    async def close(self) -> None:
        """Its parts are closed by who opened them."""

    async def reopen_active(self) -> None:
        """Restore the sessions whose work was broken off within the last `ttl_s`. Raises LibraryAway."""
        await self._outbox.flush()  # what an earlier process could not write
        since_ms = milliseconds(self._clock.now()) - int(self._ttl_s * 1000)
        for session_id in await self._library.active(since_ms):
            try:
                await self._live.summary(session_id)
            except NotFound:
                with suppress(StoredUnreadable):  # the others are restored all the same
                    await self._reopen(session_id)

    async def _use(self, session_id: str, use: Callable[[], Awaitable[T]]) -> T:
        """Use the live session, which is restored first if it is only in the library."""
        try:
            return await use()
        except (NotFound, RedisAway) as error:
            await self._prepare_to_read(session_id, error)
        await self._reopen(session_id)
        return await use()

    async def _prepare_to_read(self, session_id: str, error: NotFound | RedisAway) -> None:
        """Raise the error again if the library cannot help."""
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

    async def _reopen(self, session_id: str) -> None:
        """Restore a session from the library. Raises NotFound, LibraryAway."""
        lock = self._reopening.setdefault(session_id, asyncio.Lock())
        async with lock:
            found = await self._stored(session_id)
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

    async def _stored(self, session_id: str) -> FoundCopy:
        found = await read_copy(self._library, session_id)
        if found is None:
            raise no_session()
        return found
