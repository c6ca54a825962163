"""A lock on a PostgreSQL library, over all hosts: a session-level advisory lock, held by a connection of its own.

PostgreSQL releases it when the connection ends, so also after `kill -9`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.library.base import LibraryAway
from core.library.engine import map_database_errors, open_engine

log = structlog.get_logger(__name__)

LOCK = 0x6D686C70
"""The key of the advisory lock; those of migrations and of deleting by age differ."""
CHECK_S = 5.0
"""Between two checks that the connection, and with it the lock, is still there."""
RETRY_S = 1.0
KEEPALIVE = text(
    "SELECT set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false), "
    "set_config('tcp_keepalives_count', '3', false)"
)
"""The lock of a host that has vanished is released after a minute; by default Linux takes two hours."""


class ProcessLock:
    def __init__(self, url: str, *, alone: bool, on_taken: Callable[[], None]) -> None:
        """`alone`: no other process may have it; else only those that hold it alone are kept out. `on_taken` is called
        if another process took a lock that this one needs alone, while its connection was lost."""
        self._engine: AsyncEngine = open_engine(url)
        self._connection: AsyncConnection | None = None
        self._function = "pg_try_advisory_lock" if alone else "pg_try_advisory_lock_shared"
        self._alone = alone
        self._on_taken = on_taken
        self.held = asyncio.Event()

    async def acquire(self) -> bool:
        """Return whether the lock is held now; False if another process has it. Raises LibraryAway."""
        with map_database_errors():
            connection = await self._engine.connect()
            try:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.execute(KEEPALIVE)
                statement = text(f"SELECT {self._function}(:key)")
                if (await connection.execute(statement, {"key": LOCK})).scalar_one():
                    self._connection = connection
                    self.held.set()
            finally:
                if self._connection is not connection:
                    await connection.close()
        return self.held.is_set()

    async def keep(self) -> None:
        """Notice a lost connection and acquire the lock again, until cancelled or until `on_taken` was called."""
        while True:
            try:
                if self._connection is None:
                    if await self._is_taken():
                        return self._on_taken()
                else:
                    with map_database_errors():
                        await self._connection.execute(text("SELECT 1"))
            except LibraryAway as error:
                await self._drop(error)
            await asyncio.sleep(CHECK_S if self.held.is_set() else RETRY_S)

    async def close(self) -> None:
        """Release the lock."""
        connection, self._connection = self._connection, None
        self.held.clear()
        await _end(connection)
        await self._engine.dispose()

    async def _is_taken(self) -> bool:
        """Acquire the lock again. Return whether this process must end, because it cannot have it."""
        if await self.acquire():
            log.info("library.locked_again")
        elif self._alone:
            log.error("library.lock_taken", hint="Another process uses this library; without REDIS_URL two cannot.")
            return True
        else:
            log.error("library.lock_taken", hint="A process without REDIS_URL uses this library. Stop it.")
        return False

    async def _drop(self, error: LibraryAway) -> None:
        if self._connection is None:
            return
        log.warning("library.lock_lost", reason=error.message)
        connection, self._connection = self._connection, None
        self.held.clear()
        await _end(connection)


async def _end(connection: AsyncConnection | None) -> None:
    """Close the connection itself, whatever its state is: the lock must not return to the pool with it."""
    if connection is not None:
        with suppress(LibraryAway), map_database_errors():
            await connection.invalidate()
            await connection.close()
