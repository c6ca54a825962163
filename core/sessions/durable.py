"""A session store whose sessions outlive it: changes are recorded in the library, and a session that has left the live
store is restored from there by its next use, under its own ID.

Nothing here waits for the library while a session is live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

import structlog

from core.clock import Clock
from core.domain.events import EventDraft
from core.domain.hunt import Hunt
from core.domain.run import Counts
from core.domain.session import Session
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
from core.sessions.library_records import ACTOR, actor_of
from core.sessions.outbox import Outbox
from core.sessions.restore_from_library import EndWork, SessionRestorer, StoredSummaries

log = structlog.get_logger(__name__)

KNOWN_ACTIONS = frozenset({"created", "checked", "deleted"})
"""Recorded with the change itself."""
DELETE_S = 2.0
"""Longest wait of a deletion for the library."""


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
        """The last three are the `SessionRestorer`'s."""
        self._live = live
        self._library = library
        self._outbox = outbox
        self._restorer = SessionRestorer(
            live, library, outbox, clock, ttl_s=ttl_s, end_work=end_work, reattached=reattached
        )
        self._use = self._restorer.use
        self._summaries = StoredSummaries(library)
        outbox.copy = live.copy

    @property
    def restorer(self) -> SessionRestorer:
        return self._restorer

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
            return (await self._restorer.read(session_id)).copy

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
            await self._restorer.prepare_to_read(session_id, error)
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
        try:
            actor = actor_of(await self.read(session_id))
            await self._live.delete(session_id)
        except StoredUnreadable:
            actor = ACTOR.get() or ""
            with suppress(NotFound):  # only the library has it
                await self._live.delete(session_id)
        self._restorer.refuse(session_id)
        self._outbox.record_deleted(session_id, actor)
        try:
            async with asyncio.timeout(DELETE_S):
                await self._outbox.flush()
        except TimeoutError:
            await self._outbox.flush_to_journal()

    async def owner_of_unreadable(self, session_id: str) -> str | None:
        return await self._library.owner(session_id)

    async def is_deleted(self, session_id: str) -> bool:
        return self._restorer.is_deleted(session_id) or bool(await self._library.deleted([session_id]))

    async def count(self) -> int:
        return await self._live.count()

    async def close(self) -> None:
        """Its parts are closed by who opened them."""
