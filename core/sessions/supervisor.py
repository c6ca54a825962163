"""Monitors Redis, detects recovery and data loss, and restores sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import islice

import structlog

from core.clock import Clock
from core.domain.ids import hunt_id
from core.errors import NotFound, RedisAway
from core.redis.health import RedisHealth, RedisHealthState
from core.sessions.detached import DetachedSession, Replayed, replay
from core.sessions.failover import FailoverSessionStore
from core.sessions.reattachment import Reattachment

log = structlog.get_logger(__name__)

JOURNAL_AFTER_S = 2.0
"""Outage after which all known sessions are journaled, in case this process restarts."""
JOURNAL_BATCH_BYTES = 8 * 1024 * 1024
"""Approximate journal bytes written per probe, so that requests do not wait."""
IDLE_PROBE = 4
"""While no session is used, only every fourth probe is sent. A use finds out itself what has become of Redis."""
LEARN_AT_ONCE = 2
LEARN_AGAIN_S = 0.1
"""Minimum interval of caching other processes' results for a session in use."""
MAX_LEARNED_AGAIN = 200
"""Maximum hunts to fetch then."""
MAX_WAITING = 1000
"""Maximum sessions queued for caching; the rest are queued at their next use."""
MAX_BACKOFF_FACTOR = 10
"""Maximum factor by which failed restorations raise the number of required probes."""
PAGE = 100


class Supervisor:
    def __init__(
        self,
        store: FailoverSessionStore,
        reattachment: Reattachment,
        clock: Clock,
        *,
        probe_s: float,
        probes: int,
        sync_s: float,
        on_bug: Callable[[BaseException], None],
    ) -> None:
        self._store = store
        self._health: RedisHealth = store.redis_health
        self._reattachment = reattachment
        self._clock = clock
        self._probe_s = probe_s
        self._probes = probes
        self._sync_s = sync_s
        self._on_bug = on_bug
        self._good = 0
        self._failures = 0
        self._seen_commands = -1
        self._skipped = 0
        self._to_learn: asyncio.Queue[str] = asyncio.Queue(MAX_WAITING)
        self._learned_at: dict[str, float] = {}
        """Time at which each session was last queued for caching, oldest first, bounded."""
        self._tasks: list[asyncio.Task[None]] = []
        store.on_seen = self._seen

    async def start(self) -> None:
        """Take over journals, probe Redis, and start the tasks."""
        self._take_over()
        try:
            await self._reattach_all(await self._health.probe())
        except RedisAway as error:
            self._health.mark_down(error)
            log.warning("redis.unavailable_at_start", reason=error.reason)
        self._tasks = [
            asyncio.create_task(self._run_forever(self._tick, self._probe_s), name="redis-supervisor"),
            asyncio.create_task(self._run_forever(self._store.journal.sync, self._sync_s), name="journal-sync"),
            *(asyncio.create_task(self._run_forever(self._learn_next, 0), name="learn") for _ in range(LEARN_AT_ONCE)),
        ]

    async def close(self) -> None:
        """Stop the tasks and try once more to reattach sessions. The rest stay in the journal."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._store.away or self._store.deleted:
            try:
                await self._reattach_all(await self._health.probe())
            except RedisAway as error:
                log.warning("sessions.left_in_journal", sessions=len(self._store.away), reason=error.reason)
            for session_id in list(self._store.away):
                self._store.journal_session(session_id)
            await self._store.journal.sync()

    async def _run_forever(self, step: Callable[[], Awaitable[None]], pause_s: float) -> None:
        while True:
            await asyncio.sleep(pause_s)
            try:
                await step()
            except RedisAway as error:
                self._health.mark_down(error)
            except Exception as error:  # without a supervisor, sessions would stay in memory forever
                log.exception("redis_supervisor.failed")
                self._on_bug(error)

    async def _tick(self) -> None:
        commands = self._store.redis.commands
        idle = self._health.state is RedisHealthState.UP and commands == self._seen_commands
        self._skipped = self._skipped + 1 if idle else IDLE_PROBE
        self._seen_commands = commands
        if self._skipped < IDLE_PROBE:
            return
        self._skipped = 0
        try:
            name = await self._health.probe()
        except RedisAway:
            self._good = 0
            self._journal_some()
            raise
        if self._health.state is RedisHealthState.UP:
            self._store.known.sweep()
            if name == self._health.data_name:
                return
            self._health.mark_down(RedisAway("Redis lost its data; restoring sessions.", reason="emptied"))
        self._good += 1
        if self._good >= self._probes * min(1 + self._failures, MAX_BACKOFF_FACTOR):
            self._good = 0
            await self._reattach_all(name)

    async def _reattach_all(self, name: str) -> None:
        """Reattach all sessions after successful probes. Raises RedisAway if Redis fails again."""
        store = self._store
        self._failures += 1
        self._health.mark_recovering()
        self._take_over()
        if name != self._health.data_name:
            store.redis.clear_caches()
            for session_id in self._known():
                away = store.detach(session_id)
                away.lost = True
                store.reattached.add(session_id)
                away.seamless = away.seamless and (away.last_id != "0-0" or away.base is None)
        for session_id in list(store.deleted):
            await self._reattachment.delete(session_id)
            store.deleted.discard(session_id)
        whole = True
        for session_id in list(store.away):
            whole = await self._reattach(session_id) and whole
        if whole and not store.away and self._health.state is RedisHealthState.HEALING:
            self._health.data_name = name
            self._failures = 0
            store.journal.clear()
            self._health.mark_up()

    async def _reattach(self, session_id: str) -> bool:
        try:
            if session_id in self._store.away:
                await self._reattachment.reattach(session_id)
        except RedisAway:
            raise
        except Exception as error:  # a failed session must not block the others
            log.exception("session.reattach_failed")
            self._on_bug(error)
            return False
        return True

    def _take_over(self) -> None:
        """Adopt the sessions in the journals of dead processes."""
        sessions, deleted = replay(self._store.journal.take_over(), self._store.journal.mark_unreadable)
        self._store.deleted |= deleted
        for session_id, session in sessions.items():
            life_s = (session.ends_at - self._clock.now()).total_seconds()
            if life_s > 0:
                self._adopt(session_id, session)

    def _adopt(self, session_id: str, session: Replayed) -> None:
        store = self._store
        if store.known.find(session_id) is None:
            store.known.put(session.head, session.notebook)
        for hunt in session.hunts.values():
            store.known.put_hunt(session_id, hunt)
        away = store.away.get(session_id)
        if away is None:
            away = store.leave(session_id, DetachedSession(base=session.base, last_id=session.last_id, journaled=True))
        store.restart_events(session_id)
        store.reattached.add(session_id)
        away.lost, away.seamless = True, False
        away.restore_changes((session.head_changed, session.hunts_changed))

    def _journal_some(self) -> None:
        """During a long outage, journal every known session, most recently used first, some per call."""
        since = self._health.since
        if since is None or (self._clock.now() - since).total_seconds() < JOURNAL_AFTER_S:
            return
        most = self._store.journal.size_bytes + JOURNAL_BATCH_BYTES
        for session_id in self._known():
            if self._store.journal.size_bytes > most:
                return
            self._store.detach(session_id)
            self._store.journal_session(session_id)

    def _known(self) -> list[str]:
        """Ids of unexpired sessions, most recently used first."""
        known = self._store.known
        return [session_id for session_id in reversed(tuple(known.ids())) if known.find(session_id) is not None]

    # -- caching

    def _seen(self, session_id: str) -> None:
        now = self._clock.monotonic()
        if not self._to_learn.full() and now - self._learned_at.get(session_id, -LEARN_AGAIN_S) >= LEARN_AGAIN_S:
            self._learned_at.pop(session_id, None)
            self._learned_at[session_id] = now
            if len(self._learned_at) > MAX_WAITING:
                self._learned_at.pop(next(iter(self._learned_at)))
            self._to_learn.put_nowait(session_id)

    async def _learn_next(self) -> None:
        session_id = await self._to_learn.get()
        kept = self._store.known.find(session_id)
        if kept is None or self._store.is_local(session_id):
            return
        if not kept.whole:
            await self._learn(session_id)
        else:
            left = (hunt_id(run.run_id, n) for run in kept.session.active_runs for n in range(run.hunts))
            known = (i for i in left if kept.may_change(i))
            with suppress(NotFound):  # its next use checks whether Redis lost it
                await self._store.refresh_hunts(session_id, list(islice(known, MAX_LEARNED_AGAIN)))

    async def _learn(self, session_id: str) -> None:
        """Read a whole session that another process opened, once, so that it can continue here without Redis."""
        store, after = self._store, 0
        store.known.put_notebook(session_id, await store.redis.notebook(session_id))
        next_after: int | None = after
        while next_after is not None:
            page = await store.redis.hunts(session_id, after=next_after, limit=PAGE)
            for hunt in page.hunts:
                store.known.put_hunt(session_id, hunt)
            next_after = page.next
        if kept := store.known.find(session_id):
            kept.whole = True
