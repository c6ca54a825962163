"""The lock on the library: without Redis, two processes would both restore the same sessions."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from pathlib import Path

import structlog

from core.errors import BadSettings
from core.library.base import LibraryAway
from core.sessions.library_journal import FOLDER
from core.settings import Settings
from core.supervise import running

log = structlog.get_logger(__name__)

POLL_S = 0.1
LOCK_WAIT_S = 5.0
"""Longest wait for an earlier process that is ending."""


@asynccontextmanager
async def lock_library(settings: Settings) -> AsyncIterator[asyncio.Event]:
    """Until the block ends, no process without Redis uses the library; without Redis, no other process at all. Raises
    BadSettings if one does.

    PostgreSQL has the lock over all hosts. While it cannot be reached, the yielded event is not set. A process without
    Redis that finds then that another one has the lock ends, as with SIGTERM.
    """
    folder, url, alone = Path(settings.redis.journal_dir) / FOLDER, settings.library.url, not settings.redis.url
    async with AsyncExitStack() as closing:
        lock = await _lock(url, folder, alone=alone)
        if lock is not None:
            closing.callback(os.close, lock)
        if url.startswith("sqlite"):
            held = asyncio.Event()
            held.set()
        else:
            held = await closing.enter_async_context(_lock_database(url, alone=alone))
        yield held


@asynccontextmanager
async def _lock_database(url: str, *, alone: bool) -> AsyncIterator[asyncio.Event]:
    module = await asyncio.to_thread(import_module, "core.library.process_lock")
    lock = module.ProcessLock(url, alone=alone, on_taken=stop_process)
    deadline = asyncio.get_running_loop().time() + LOCK_WAIT_S
    try:
        try:
            while not await lock.acquire():
                if asyncio.get_running_loop().time() >= deadline:
                    raise _in_use("in this PostgreSQL database")
                await asyncio.sleep(POLL_S)
        except LibraryAway as error:  # the server starts without its library; the lock is acquired when it is back
            log.warning("library.lock_postponed", reason=error.message)
        async with running(_log_bug, library_lock=lock.keep):
            yield lock.held
    finally:
        await lock.close()


def stop_process() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _log_bug(error: BaseException) -> None:
    log.error("library.lock_failed", error=type(error).__name__)


def _in_use(which: str) -> BadSettings:
    return BadSettings(
        f"Another process uses the library {which}, and without Redis two cannot.",
        hint="Stop it, or set REDIS_URL for both, or another LIBRARY_URL (off: no library) for this one.",
    )


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
                raise _in_use(place.with_suffix("").name) from None
        await asyncio.sleep(POLL_S)
