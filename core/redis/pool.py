"""A bounded connection pool that serves waiters first come, first served, and the clients that use it."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

HEALTH_CHECK_S = 15
"""Idle time after which a connection is checked with PING before reuse."""


def new_client(url: str, *, name: str, connect_timeout_s: float, socket_timeout_s: float, connections: int) -> Redis:
    """`connect_timeout_s`: maximum wait for a free connection, and for a new one."""
    pool = FairPool.from_url(
        url,
        max_connections=connections,
        timeout=connect_timeout_s,
        socket_timeout=socket_timeout_s,
        socket_connect_timeout=connect_timeout_s,
        socket_keepalive=True,
        health_check_interval=HEALTH_CHECK_S,
        client_name="".join(c if c.isalnum() or c in "-_." else "_" for c in name),
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    return Redis.from_pool(pool)


class FairPool(BlockingConnectionPool):
    """redis-py's pool lets newcomers overtake: with more commands than connections, some waiters time out, which would
    look like a hung Redis."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turns = asyncio.Semaphore(self.max_connections)
        self._held: set[AbstractConnection] = set()

    async def get_connection(self, *arguments: Any, **options: Any) -> AbstractConnection:
        async with asyncio.timeout(self.timeout):
            await self._turns.acquire()
        try:
            connection: AbstractConnection = await super().get_connection(*arguments, **options)  # type: ignore[no-untyped-call]
        except BaseException:
            self._turns.release()
            raise
        self._held.add(connection)
        return connection

    async def release(self, connection: AbstractConnection) -> None:
        try:
            await super().release(connection)
        finally:
            if connection in self._held:
                self._held.discard(connection)
                self._turns.release()
