"""Opens the session stores: in memory, or in Redis with a copy in memory and a journal while Redis is down; around
either the durable one, with the library, its outbox, and the tasks that write, resume and compare."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from core.clock import Clock
from core.errors import RedisAway
from core.library.base import Library, LibraryAway
from core.library.lazy import LazyLibrary
from core.redis.client import RedisClients
from core.redis.health import RedisHealth
from core.sessions.base import SessionStore
from core.sessions.detached import DetachedSession
from core.sessions.durable import DurableSessionStore
from core.sessions.failover import FailoverSessionStore
from core.sessions.journal import Journal
from core.sessions.library_journal import FOLDER
from core.sessions.library_lock import lock_library
from core.sessions.library_retention import Retention
from core.sessions.memory import Append, MemorySessionStore
from core.sessions.outbox import Outbox
from core.sessions.reattachment import LocalEvents, Reattachment
from core.sessions.reconcile import reconcile
from core.sessions.redis import RedisSessionStore
from core.sessions.restore_from_library import EndWork
from core.sessions.session_cache import SessionCache
from core.sessions.supervisor import Supervisor
from core.settings import RedisSettings, SessionSettings, Settings
from core.supervise import running

log = structlog.get_logger(__name__)

RETRY_S = 1.0
FLUSHES_PER_TTL = 4
"""A session that expires has been written before."""


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


@asynccontextmanager
async def open_durable_sessions(
    live: SessionStore,
    settings: Settings,
    clock: Clock,
    *,
    instance: str,
    end_work: EndWork,
    reattached: set[str],
    on_bug: Callable[[BaseException], None],
    resume: bool = True,
) -> AsyncIterator[DurableSessionStore]:
    """Sessions that outlive `live`, until the block ends. Raises BadSettings if another process has the library.

    Without `resume`, work that was broken off is not continued.
    """
    async with lock_library(settings) as locked:
        chosen, folder = settings.library, Path(settings.redis.journal_dir) / FOLDER
        library = LazyLibrary(chosen.url)
        outbox = Outbox(
            library, Journal(folder, instance), clock, max_waiting_hunts=chosen.max_waiting_hunts, on_bug=on_bug
        )
        store = DurableSessionStore(
            live,
            library,
            outbox,
            clock,
            ttl_s=settings.sessions.ttl_s,
            end_work=end_work,
            reattached=reattached,
        )
        interval_s = min(chosen.flush_interval_s, settings.sessions.ttl_s / FLUSHES_PER_TTL)

        async def resume_work() -> None:
            await locked.wait()  # or another process may continue the same sessions
            await _resume(store)
            while isinstance(live, FailoverSessionStore):
                await _reconcile(live, library, outbox)
                await asyncio.sleep(chosen.reconcile_interval_s)

        retention = Retention(live, library, clock, chosen.retention_days)
        tasks = {"library": lambda: outbox.run(interval_s), "retention": retention.run}
        if resume:
            tasks["resume_from_library"] = resume_work
        try:
            async with running(on_bug, **tasks):
                yield store
        finally:
            await outbox.close()
            await library.close()


async def _resume(store: DurableSessionStore) -> None:
    """Restore the sessions with unfinished work, once the library and a configured Redis are available."""
    while True:
        if store.state().backend == "redis" or not store.state().reason:
            try:
                return await store.restorer.restore_active()
            except (LibraryAway, RedisAway) as error:
                log.debug("library.resume_postponed", reason=error.message)
        await asyncio.sleep(RETRY_S)


async def _reconcile(live: FailoverSessionStore, library: Library, outbox: Outbox) -> None:
    while True:
        try:
            if recorded := await reconcile(live.redis, library, outbox):
                log.info("library.reconciled", sessions=recorded)
            return
        except (LibraryAway, RedisAway) as error:
            log.debug("library.reconcile_postponed", reason=error.message)
        await asyncio.sleep(RETRY_S)
