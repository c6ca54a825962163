"""A session store that uses Redis while it is up, and memory and a journal while it is down.

While Redis is up, it holds the current state, and this process keeps a copy of the sessions it uses
(`session_cache.py`). The first failed command marks Redis as down for this process (`core/redis/health.py`). From then
on every session used here is *detached*: the copy is its current state, and each change is journaled before it is
acknowledged. When Redis is up again, each detached session is reattached (`reattachment.py`); after the last one the
journal is removed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar
from weakref import WeakValueDictionary

from core.clock import Clock
from core.domain.events import EventDraft
from core.domain.hunt import Hunt
from core.domain.run import Counts
from core.domain.session import Session
from core.errors import NotFound, RedisAway
from core.redis.health import RedisHealth, RedisHealthState
from core.sessions.base import (
    Change,
    Claim,
    EventFactory,
    HuntPage,
    Saved,
    SessionCopy,
    SessionStore,
    SessionSummary,
    StoreState,
    no_events,
)
from core.sessions.detached import DetachedSession, delete_record, head_record, hunt_record, whole_record
from core.sessions.journal import Journal, Record
from core.sessions.merging import merge_sessions
from core.sessions.redis import RedisSessionStore
from core.sessions.session_cache import SessionCache

T = TypeVar("T")
LEARNED_AT_ONCE = 100
"""Maximum hunts per command: Redis serves no other client while it runs."""


class FailoverSessionStore(SessionStore):
    def __init__(
        self,
        redis: RedisSessionStore,
        known: SessionCache,
        journal: Journal,
        redis_health: RedisHealth,
        clock: Clock,
        *,
        begin_events: Callable[[str, str], None],
        away: dict[str, DetachedSession],
    ) -> None:
        """`begin_events(session id, last id)` starts local events of a session after that id.

        `away` holds the detached sessions.
        """
        self.redis = redis
        self.known = known
        self.journal = journal
        self.redis_health = redis_health
        self._clock = clock
        self._begin_events = begin_events
        self.away = away
        self.deleted: set[str] = set()
        """Sessions deleted while detached that may still be in Redis."""
        self.reattached: set[str] = set()
        """Sessions restored from a journal or lost by Redis: their runs may have no worker."""
        self.on_seen: Callable[[str], None] = lambda _session_id: None
        """Called for a used session whose copy is incomplete, or that other processes may be working on."""
        self._moved: WeakValueDictionary[str, asyncio.Future[None]] = WeakValueDictionary()
        """Entries exist while a caller waits for them."""
        redis_health.on_change = self._notify_all_moved

    # -- location of a session's current state

    def is_local(self, session_id: str) -> bool:
        """Whether the session's current state is in this process."""
        return session_id in self.away or self.redis_health.state is RedisHealthState.DOWN

    def moved(self, session_id: str) -> asyncio.Future[None]:
        """A future that is done once the session may have moved."""
        future = self._moved.get(session_id)
        if future is None:
            future = self._moved[session_id] = asyncio.get_running_loop().create_future()
        return future

    def mark_redis_down(self, error: RedisAway) -> None:
        self.redis_health.mark_down(error)

    def detach(self, session_id: str) -> DetachedSession:
        """Detach the session from Redis. Raises RedisAway if this process has no copy."""
        away = self.away.get(session_id)
        if away is not None:
            return away
        kept = self.known.find(session_id)
        if kept is None:
            raise RedisAway(self.redis_health.reason, reason="session_out_of_reach")
        return self.leave(session_id, DetachedSession(base=kept.session, last_id=self.known.last_event_id(session_id)))

    def notify_moved(self, session_id: str) -> None:
        future = self._moved.pop(session_id, None)
        if future is not None and not future.done():
            future.set_result(None)

    def _notify_all_moved(self) -> None:
        for session_id in list(self._moved.keys()):
            self.notify_moved(session_id)

    def leave(self, session_id: str, away: DetachedSession) -> DetachedSession:
        """Make this process the owner of the session's current state."""
        self.away[session_id] = away
        self._begin_events(session_id, away.last_id)
        return away

    def restart_events(self, session_id: str) -> None:
        """Restart a session's events after now: the ids issued by an earlier process are unknown, so clients reload."""
        now_ms = int(self._clock.now().timestamp() * 1000)
        self._begin_events(session_id, f"{now_ms}-0")

    def journal_session(self, session_id: str) -> DetachedSession:
        """Write a full copy of a detached session to the journal, so that later changes can be appended."""
        away, kept = self.away[session_id], self.known.find(session_id)
        if kept is not None and not away.journaled:
            away.replies_written.update(hunt.hunt_id for hunt in kept.hunts.values() if hunt.reply is not None)
            ends_at = self._clock.now() + timedelta(seconds=self.known.life_left_s(session_id))
            away.journaled = self.journal.write(whole_record(session_id, away, kept, ends_at))
        return away

    def _journal_change(self, away: DetachedSession, record: Record) -> None:
        """Write a change to the journal. After a failure, the next write is a full copy."""
        away.journaled = self.journal.write(record) and away.journaled

    async def _route(self, session_id: str, there: Callable[[], Awaitable[T]], here: Callable[[], Awaitable[T]]) -> T:
        """Call `there` (Redis), or `here` if the session is detached or Redis fails."""
        if not self.is_local(session_id):
            try:
                answer = await there()
            except RedisAway as error:
                self.redis_health.mark_down(error)
            except NotFound as missing:
                if missing.code != "no_session" or not await self._was_lost(session_id):
                    raise
            else:
                return answer
        away = self.detach(session_id)
        while away.gate is not None:
            await away.gate
            if session_id not in self.away:
                return await self._route(session_id, there, here)
        away.shown = True
        return await here()

    async def _was_lost(self, session_id: str) -> bool:
        """Whether a session is missing in Redis because Redis lost its data; False if it expired or was deleted."""
        if self.known.find(session_id) is None:
            return False
        try:
            if await self.redis_health.probe() == self.redis_health.data_name:
                self.forget(session_id)
                return False
        except RedisAway as error:
            self.redis_health.mark_down(error)
        else:
            self.redis_health.mark_down(RedisAway("Redis lost its data; restoring sessions.", reason="emptied"))
        return True

    def _cache_head(self, session: Session) -> Session:
        """Cache a head read from Redis. If the session was detached in the meantime, merge both."""
        session_id = session.session_id
        away, kept = self.away.get(session_id), self.known.find(session_id)
        if away is not None and kept is not None and kept.session is not away.base:
            kept.session = merge_sessions(away.base, kept.session, session)
            away.head_changed = True
            return session
        self.known.put(session)
        if away is not None:
            away.base = session
        if kept is None or not kept.whole or session.active_runs:
            self.on_seen(session_id)
        return session

    def forget(self, session_id: str) -> None:
        """Remove this process's copy of a session."""
        self.known.discard(session_id)

    # -- the store

    def state(self) -> StoreState:
        up = self.redis_health.state is RedisHealthState.UP
        return StoreState(
            backend="redis" if up else "memory",
            reason=" ".join(filter(None, ("" if up else self._reason(), self.journal.problem))),
            since=self.redis_health.since,
            latency_ms=self.redis_health.latency_ms,
            away=len(self.away),
            journal_bytes=self.journal.size_bytes,
        )

    def _reason(self) -> str:
        healing = self.redis_health.state is RedisHealthState.HEALING
        what = "Redis is up again; sessions are moving back to it." if healing else self.redis_health.reason
        return f"{what} This process keeps its sessions in memory and in the journal."

    async def create(self, session: Session, notebook: bytes) -> None:
        async def there() -> None:
            await self.redis.create(session, notebook)
            self.known.put(session, notebook)

        async def here() -> None:
            await self.known.create(session, notebook)
            self.leave(session.session_id, DetachedSession(base=None, last_id="0-0", head_changed=True))
            self.journal_session(session.session_id)

        if self.redis_health.state is not RedisHealthState.DOWN:
            try:
                await there()
            except RedisAway as error:
                self.redis_health.mark_down(error)
            else:
                return
        await here()

    async def restore(self, copy: SessionCopy) -> bool:
        session_id = copy.session.session_id
        if self.redis_health.state is not RedisHealthState.DOWN:
            try:
                restored = await self.redis.restore(copy)
            except RedisAway as error:
                self.redis_health.mark_down(error)
            else:
                if restored:
                    self._cache_copy(copy)
                return restored
        if self.known.find(session_id) is not None:
            return False
        self._cache_copy(copy)
        self.leave(session_id, DetachedSession(base=copy.session, last_id="0-0", lost=True))
        self.restart_events(session_id)
        self.journal_session(session_id)
        return True

    def _cache_copy(self, copy: SessionCopy) -> None:
        self.known.discard(copy.session.session_id)
        self.known.put(copy.session, copy.notebook)
        for hunt in copy.hunts:
            self.known.put_hunt(copy.session.session_id, hunt)

    async def copy(self, session_id: str) -> SessionCopy:
        return await self._route(session_id, lambda: self.redis.copy(session_id), lambda: self.known.copy(session_id))

    async def read(self, session_id: str) -> Session:
        async def there() -> Session:
            return self._cache_head(await self.redis.read(session_id))

        return await self._route(session_id, there, lambda: self.known.read(session_id))

    async def change(
        self, session_id: str, change: Change, *, events: EventFactory = no_events, expected_version: int | None = None
    ) -> Session:
        async def there() -> Session:
            changed = self.redis.change(session_id, change, events=events, expected_version=expected_version)
            return self._cache_head(await changed)

        async def here() -> Session:
            away, before = self.journal_session(session_id), await self.known.read(session_id)
            after = await self.known.change(session_id, change, events=events, expected_version=expected_version)
            if after is not before:
                away.head_changed = True
                self._journal_change(away, head_record(after))
            return after

        return await self._route(session_id, there, here)

    async def publish(self, session_id: str, events: Sequence[EventDraft], *, version: int | None = None) -> bool:
        return await self._route(
            session_id,
            lambda: self.redis.publish(session_id, events, version=version),
            lambda: self.known.publish(session_id, events, version=version),
        )

    async def save_hunt(
        self, session_id: str, hunt: Hunt, events: Sequence[EventDraft] = (), *, claim: Claim | None = None
    ) -> Saved:
        async def there() -> Saved:
            saved = await self.redis.save_hunt(session_id, hunt, events, claim=claim)
            if saved is Saved.KEPT:
                self.known.put_hunt(session_id, hunt)
            return saved

        async def here() -> Saved:
            away = self.journal_session(session_id)
            away.hunts_changed.add(hunt.hunt_id)
            self._journal_change(away, hunt_record(session_id, hunt, away))
            return await self.known.save_hunt(session_id, hunt, events, claim=claim)

        return await self._route(session_id, there, here)

    async def accept_claim(self, session_id: str, claim: Claim) -> bool:
        return await self._route(
            session_id,
            lambda: self.redis.accept_claim(session_id, claim),
            lambda: self.known.accept_claim(session_id, claim),
        )

    async def refresh_hunts(self, session_id: str, hunt_ids: Collection[str]) -> None:
        kept = self.known.find(session_id)
        if kept is None or self.is_local(session_id):
            return
        unknown = [i for i in hunt_ids if kept.may_change(i)]
        for start in range(0, len(unknown), LEARNED_AT_ONCE):
            some = unknown[start : start + LEARNED_AT_ONCE]
            known = {i: kept.hunts[i].progress if i in kept.hunts else 0 for i in some}
            for hunt in await self.redis.replied(session_id, known):
                self.known.put_hunt(session_id, hunt)

    async def hunts(self, session_id: str, *, after: int = 0, limit: int = 200, run_id: str | None = None) -> HuntPage:
        async def there() -> HuntPage:
            page = await self.redis.hunts(session_id, after=after, limit=limit, run_id=run_id)
            for hunt in page.hunts:
                self.known.put_hunt(session_id, hunt)
            return page

        async def here() -> HuntPage:
            return await self.known.hunts(session_id, after=after, limit=limit, run_id=run_id)

        return await self._route(session_id, there, here)

    async def hunt(self, session_id: str, hunt_id: str) -> Hunt:
        return await self._route(
            session_id, lambda: self.redis.hunt(session_id, hunt_id), lambda: self.known.hunt(session_id, hunt_id)
        )

    async def counts(self, session_id: str) -> Mapping[str, Counts]:
        return await self._route(
            session_id, lambda: self.redis.counts(session_id), lambda: self.known.counts(session_id)
        )

    async def summary(self, session_id: str) -> SessionSummary:
        return await self._route(
            session_id, lambda: self.redis.summary(session_id), lambda: self.known.summary(session_id)
        )

    async def count_duplicates(self, session: Session) -> int:
        """While Redis is down, only this process's sessions count."""
        if self.redis_health.state is not RedisHealthState.DOWN:
            try:
                return await self.redis.count_duplicates(session)
            except RedisAway as error:
                self.redis_health.mark_down(error)
        return await self.known.count_duplicates(session)

    async def notebook(self, session_id: str) -> bytes:
        async def here() -> bytes:
            kept = self.known.find(session_id)
            if kept is not None and not kept.whole:
                raise RedisAway("This process has no copy of the session's notebook.", reason="session_out_of_reach")
            return await self.known.notebook(session_id)

        return await self._route(session_id, lambda: self.redis.notebook(session_id), here)

    async def delete(self, session_id: str) -> None:
        async def here() -> None:
            await self.known.delete(session_id)
            del self.away[session_id]
            self.deleted.add(session_id)
            self.journal.write(delete_record(session_id))
            await self.journal.remove_session(session_id)

        await self._route(session_id, lambda: self.redis.delete(session_id), here)
        self.forget(session_id)

    async def count(self) -> int:
        if self.redis_health.state is not RedisHealthState.DOWN:
            try:
                return await self.redis.count()
            except RedisAway as error:
                self.redis_health.mark_down(error)
        return await self.known.count()

    async def close(self) -> None:
        self.journal.close()
        await self.redis.close()
