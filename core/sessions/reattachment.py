"""Writes detached sessions back to Redis, one at a time, while they stay in use.

Each pass writes the changes since the previous pass. After two passes, changes wait for the session's gate during a
pass, so that the process ends even if changes never stop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Protocol

import structlog

from core.domain.events import Event, EventDraft, EventType
from core.domain.session import Session
from core.errors import Conflict, NotFound, RedisAway
from core.sessions.detached import DetachedSession
from core.sessions.failover import FailoverSessionStore
from core.sessions.memory import KeptSession
from core.sessions.merging import merge_sessions

log = structlog.get_logger(__name__)

OPEN_PASSES = 2
MAX_PASSES = 20
AT_ONCE = 16
"""Concurrent saves of hunts."""


class LocalEvents(Protocol):
    """Local events of detached sessions, and their merge into Redis."""

    def newest(self, session_id: str) -> str: ...

    def after(self, session_id: str, event_id: str) -> Sequence[Event]: ...

    def begin(self, session_id: str, event_id: str) -> None: ...

    def discard(self, session_id: str) -> None: ...

    async def merge(
        self, session_id: str, known: str, events: Sequence[Event], reload: EventDraft, last_issued: str, life_s: float
    ) -> tuple[bool, str]:
        """Return whether the events continued Redis's stream, and the newest id in Redis."""
        ...


class Reattachment:
    def __init__(self, store: FailoverSessionStore, events: LocalEvents) -> None:
        self._store = store
        self._events = events

    async def reattach(self, session_id: str) -> None:
        """Write the whole session to Redis and end its detachment. Raises RedisAway."""
        away = self._store.away[session_id]
        for number in range(MAX_PASSES):
            if number >= OPEN_PASSES:
                away.gate = asyncio.get_running_loop().create_future()
            try:
                if await self._pass(session_id, away):
                    return
            finally:
                _open(away)
        raise RedisAway("A session changes faster than it can be written to Redis.", reason="timeout")

    async def delete(self, session_id: str) -> None:
        """Delete from Redis a session that was deleted while detached."""
        try:
            await self._store.redis.delete(session_id)
        except NotFound:
            return

    async def _pass(self, session_id: str, away: DetachedSession) -> bool:
        """Write the changes. Returns whether the session is reattached: nothing changed in the meantime."""
        changes = away.take_changes()
        try:
            await self._write(session_id, away, *changes)
        except BaseException:
            away.restore_changes(changes)
            raise
        if away.head_changed or away.hunts_changed or self._events.after(session_id, away.merged_to):
            return False
        if self._store.away.pop(session_id, None) is not None:
            self._store.known.record_event(session_id, away.last_id)
            self._events.discard(session_id)
            self._store.notify_moved(session_id)
        return True

    async def _write(
        self, session_id: str, away: DetachedSession, head_changed: bool, hunts_changed: Collection[str]
    ) -> None:
        kept, redis = self._store.known.find(session_id), self._store.redis
        if kept is None:  # it expired or was deleted in the meantime
            return
        found = await redis.peek(session_id)
        life_s = max(self._store.known.life_left_s(session_id), found[1] if found else 0.0)
        if found is not None and away.lost:
            away.seamless = False  # another process restored its copy: no event describes the differences to ours
        if found is None:
            try:
                await self._create(kept, away, life_s)
            except NotFound:  # deleted through another process
                self._store.forget(session_id)
                return
        elif head_changed or away.lost:
            await self._write_head(kept, away, found[0])
        elif kept.session is away.base:
            kept.session = away.base = found[0]
        wanted = kept.hunts if found is None or away.lost else hunts_changed
        await self._save_hunts(session_id, kept, tuple(wanted))
        away.lost = False
        if away.shown and not away.torn and await redis.counts(session_id) != kept.counts():
            away.seamless = False  # local readers have missed changes of other processes
        await self._publish(session_id, away, kept.session, life_s, is_new=found is None)
        await redis.end_in(session_id, life_s)

    async def _create(self, kept: KeptSession, away: DetachedSession, life_s: float) -> None:
        session = kept.session
        if not kept.whole:
            log.error("session.restored_without_notebook")
        try:
            await self._store.redis.create(session, kept.notebook, life_s=life_s)
        except Conflict:  # another process restored it first: compare with its copy
            away.lost = away.head_changed = True
            away.seamless = False
            return
        away.base = session

    async def _write_head(self, kept: KeptSession, away: DetachedSession, theirs: Session) -> None:
        ours = kept.session
        both = merge_sessions(away.base, ours, theirs)
        if both is not theirs and not await self._store.redis.replace(theirs.version, both):
            away.head_changed = True  # another process changed it first: merge again in the next pass
            return
        if kept.session is ours:
            kept.session = away.base = both
        else:
            away.base = ours  # the local change in the meantime was based on that

    async def _save_hunts(self, session_id: str, kept: KeptSession, hunt_ids: Sequence[str]) -> None:
        for start in range(0, len(hunt_ids), AT_ONCE):
            hunts = [kept.hunts[hunt_id] for hunt_id in hunt_ids[start : start + AT_ONCE]]
            await asyncio.gather(*(self._store.redis.save_hunt(session_id, hunt) for hunt in hunts))

    async def _publish(
        self, session_id: str, away: DetachedSession, session: Session, life_s: float, *, is_new: bool
    ) -> None:
        events = self._events.after(session_id, away.merged_to)
        if not events and not is_new and away.seamless:
            return
        reload = EventDraft(EventType.SESSION, f'{{"version":{session.version}}}')
        known = away.last_id if away.seamless and not away.torn else "-"
        last_issued = self._events.newest(session_id)
        seamless, away.last_id = await self._events.merge(session_id, known, events, reload, last_issued, life_s)
        away.seamless = True
        if seamless:
            self._events.begin(session_id, away.last_id)
            away.merged_to = away.last_id
        else:
            # Local readers continue with local ids, all of them before the mark now in Redis. They reach the mark and
            # reload once the session is reattached: before that, changes of other processes are not readable here.
            away.torn = True
            away.merged_to = last_issued


def _open(away: DetachedSession) -> None:
    gate, away.gate = away.gate, None
    if gate is not None and not gate.done():
        gate.set_result(None)
