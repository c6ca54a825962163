"""Opens a session store: in memory, or in Redis with a copy in memory and a journal while Redis is down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from core.clock import Clock
from core.redis.client import RedisClients
from core.redis.health import RedisHealth
from core.sessions.detached import DetachedSession
from core.sessions.failover import FailoverSessionStore
from core.sessions.journal import Journal
from core.sessions.memory import Append, MemorySessionStore
from core.sessions.reattachment import LocalEvents, Reattachment
from core.sessions.redis import RedisSessionStore
from core.sessions.session_cache import SessionCache
from core.sessions.supervisor import Supervisor
from core.settings import RedisSettings, SessionSettings


@dataclass(frozen=True, kw_only=True)
class EventHooks:
    """What a store calls of the event log in this process, without awaiting."""

    append: Append
    forget: Callable[[str], None]
    begin: Callable[[str, str], None]
    """Starts local events of a session after an event ID."""


@asynccontextmanager
async def open_memory_sessions(
    settings: SessionSettings, clock: Clock, events: EventHooks
) -> AsyncIterator[MemorySessionStore]:
    """Sessions of this process alone, until the block ends."""
    store = MemorySessionStore(
        clock,
        ttl_s=settings.ttl_s,
        max_sessions=settings.max_sessions,
        max_share=max(1, settings.max_sessions * settings.max_percent_per_user // 100),
        append=events.append,
        forget=events.forget,
        begin=events.begin,
    )
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_redis_sessions(
    clients: RedisClients,
    health: RedisHealth,
    clock: Clock,
    *,
    instance: str,
    sessions: SessionSettings,
    redis: RedisSettings,
    events: EventHooks,
    detached_events: LocalEvents,
    end_watchers: Callable[[str], None],
    on_bug: Callable[[BaseException], None],
) -> AsyncIterator[FailoverSessionStore]:
    """Sessions in Redis until the block ends. Takes over the journals that an earlier process left.

    `end_watchers` ends the watchers in Redis of a deleted session.
    """
    away: dict[str, DetachedSession] = {}
    known = SessionCache(
        clock,
        ttl_s=sessions.ttl_s,
        max_bytes=redis.max_fallback_bytes,
        append=events.append,
        forget=events.forget,
        held=away.__contains__,
    )
    remote = RedisSessionStore(
        clients.commands,
        clock,
        ttl_s=sessions.ttl_s,
        max_events=sessions.max_events,
        events_age_s=redis.max_event_age_s,
        timeout_s=redis.timeout_s,
        forget=end_watchers,
        on_event=known.record_event,
    )
    journal = Journal(Path(redis.journal_dir), instance)
    store = FailoverSessionStore(remote, known, journal, health, clock, begin_events=events.begin, away=away)
    supervisor = Supervisor(
        store,
        Reattachment(store, detached_events),
        clock,
        probe_s=redis.probe_interval_s,
        probes=redis.min_good_probes,
        sync_s=redis.journal_sync_s,
        on_bug=on_bug,
    )
    try:
        await supervisor.start()
        yield store
    finally:
        await supervisor.close()
        await store.close()
