"""The lock on the library: without Redis, two processes would both restore the same sessions."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from core.errors import BadSettings
from core.sessions.library_journal import FOLDER
from core.settings import Settings

log = structlog.get_logger(__name__)

POLL_S = 0.1
LOCK_WAIT_S = 5.0
"""Longest wait for an earlier process that is ending."""


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
        await asyncio.sleep(POLL_S)
