"""Opens the durable session store: the library, its outbox, and the tasks that write, resume and compare."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from core.clock import Clock
from core.errors import BadSettings, RedisAway
from core.library.base import Library, LibraryAway
from core.library.lazy import LazyLibrary
from core.sessions.base import SessionStore
from core.sessions.durable import DurableSessionStore, EndWork
from core.sessions.failover import FailoverSessionStore
from core.sessions.journal import Journal
from core.sessions.library_journal import FOLDER
from core.sessions.outbox import Outbox
from core.sessions.reconcile import reconcile
from core.sessions.retention import Retention
from core.settings import Settings
from core.supervise import running

log = structlog.get_logger(__name__)

RETRY_S = 1.0
LOCK_WAIT_S = 5.0
"""Longest wait for an earlier process that is ending."""
FLUSHES_PER_TTL = 4
"""A session that expires has been written before."""


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
    async with lock_library(settings):
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


@asynccontextmanager
async def lock_library(settings: Settings) -> AsyncIterator[None]:
    """Until the block ends, no process without Redis uses the library; without Redis, no other process at all. Raises
    BadSettings if one does."""
    folder = Path(settings.redis.journal_dir) / FOLDER
    lock = await _lock(settings.library.url, folder, alone=not settings.redis.url)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


async def _resume(store: DurableSessionStore) -> None:
    """Restore the sessions with unfinished work, once the library and a configured Redis are available."""
    while True:
        if store.state().backend == "redis" or not store.state().reason:
            try:
                return await store.reopen_active()
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


async def _lock(url: str, folder: Path, *, alone: bool) -> int | None:
    """Lock the library for this process alone, or for all that share a Redis: two processes without one would both
    restore the same sessions. Returns the open lock file, None if its folder cannot be written."""
    scheme, _, path = url.partition(":///")
    place = Path(f"{path.partition('?')[0]}.lock") if scheme == "sqlite" else folder / "library.lock"
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = os.open(place, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:  # the status will report that the library cannot be written
        log.error("library.lock_failed", error=error.strerror)
        return None
    wanted = (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB
    deadline = asyncio.get_running_loop().time() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(number, wanted)
            return number
        except BlockingIOError:
            if asyncio.get_running_loop().time() >= deadline:
                os.close(number)
                raise BadSettings(
                    f"Another process uses the library {place.with_suffix('').name}, and without Redis two cannot.",
                    hint="Stop it, or set REDIS_URL for both, or another LIBRARY_URL (off: no library) for this one.",
                ) from None
        await asyncio.sleep(RETRY_S / 10)
