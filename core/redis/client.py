"""Opens the Redis clients and maps Redis failures to `RedisAway`.

There are two clients. `commands` answers within REDIS_TIMEOUT or fails, never retries, and waits for a free connection
when its pool is full. `blocking` is for XREAD BLOCK; its socket timeout is longer than the block.
With redis-py's defaults, one GET to a hung Redis takes 59 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RedisAway
from core.redis.fair_deadline import FairDeadline
from core.settings import RedisSettings

if TYPE_CHECKING:
    from redis.asyncio import Redis

BLOCK_MARGIN_S = 2.0
"""Added to the longest blocking read to get its deadline."""
SOCKET_FACTOR = 4
"""redis-py's own timeouts as a multiple of the deadline, so that the deadline, which allows for our own delays, expires
first."""
BLOCKING_CONNECTIONS = 8


@dataclass(frozen=True)
class RedisClients:
    """Owned by the runtime, closed last. Both return bytes."""

    commands: Redis
    blocking: Redis


@asynccontextmanager
async def open_redis(settings: RedisSettings, instance: str) -> AsyncIterator[RedisClients]:
    """Open both clients; they close with the block. Connects lazily, so an unavailable Redis raises no error here."""
    from core.redis.pool import new_client

    commands = new_client(
        settings.url,
        name=f"mh-{instance}-commands",
        connect_timeout_s=settings.timeout_s * SOCKET_FACTOR,
        socket_timeout_s=settings.timeout_s * SOCKET_FACTOR,
        connections=settings.max_connections,
    )
    blocking = new_client(
        settings.url,
        name=f"mh-{instance}-blocking",
        connect_timeout_s=settings.timeout_s * SOCKET_FACTOR,
        socket_timeout_s=(settings.block_s + BLOCK_MARGIN_S) * SOCKET_FACTOR,
        connections=BLOCKING_CONNECTIONS,
    )
    try:
        yield RedisClients(commands, blocking)
    finally:
        await blocking.aclose()
        await commands.aclose()


@contextmanager
def map_redis_errors() -> Iterator[None]:
    """Map every Redis failure inside the block to RedisAway with a readable message. Other exceptions pass through.

    redis-py 8.1 swallows a cancellation that arrives while it connects; it is raised again here. uvloop raises a
    RuntimeError for a write to a connection that the server has just closed.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    except Exception as error:
        if not _is_redis_failure(error):
            raise
        if task and task.cancelling() > before:
            raise asyncio.CancelledError from error
        raise redis_away(error) from error
    if task and task.cancelling() > before:
        raise asyncio.CancelledError


@asynccontextmanager
async def with_deadline(deadline_s: float) -> AsyncIterator[None]:
    """`map_redis_errors` with a deadline that covers waiting for a connection, connecting and the reply.

    Our own delays do not count (`FairDeadline`).
    """
    with map_redis_errors():
        async with asyncio.timeout(None) as limit:
            deadline = FairDeadline(limit, deadline_s, asyncio.get_running_loop())
            try:
                yield
            finally:
                deadline.end()


CLOSED_TRANSPORT = "the handler is closed"
_BY_WORDS: tuple[tuple[str, str, str], ...] = (
    ("No connection available", "timeout", "No connection to Redis became free in time."),
    ("OOM ", "out_of_memory", "Redis is out of memory and rejects writes."),
    ("READONLY", "read_only", "Redis is read-only."),
    ("NOREPLICAS", "read_only", "Redis has too few replicas and rejects writes."),
    ("MISCONF", "read_only", "Redis cannot save to its disk and rejects writes."),
    ("LOADING", "loading", "Redis is still loading its data."),
    ("NOAUTH", "refused", "Redis requires a password."),
    ("WRONGPASS", "refused", "Redis rejects the user name or password."),
    ("NOPERM", "refused", "The Redis user lacks permission for a required command."),
    ("BUSY ", "timeout", "Redis is busy with a script."),
    (CLOSED_TRANSPORT, "unreachable", "Redis is unreachable."),
)


@cache
def _by_type() -> tuple[tuple[type[BaseException], str, str], ...]:
    from redis import exceptions

    return (
        (exceptions.OutOfMemoryError, "out_of_memory", "Redis is out of memory and rejects writes."),
        (exceptions.ReadOnlyError, "read_only", "Redis is read-only."),
        (exceptions.BusyLoadingError, "loading", "Redis is still loading its data."),
        (exceptions.MasterDownError, "read_only", "Redis has lost its master and rejects writes."),
        (exceptions.AuthenticationError, "refused", "Redis rejects the user name or password."),
        (exceptions.NoPermissionError, "refused", "The Redis user lacks permission for a required command."),
        (exceptions.TimeoutError, "timeout", "Redis did not answer in time."),
        (TimeoutError, "timeout", "Redis did not answer in time."),
        (exceptions.MaxConnectionsError, "timeout", "No connection to Redis became free in time."),
        (exceptions.ConnectionError, "unreachable", "Redis is unreachable."),
        (OSError, "unreachable", "Redis is unreachable."),
    )


def _is_redis_failure(error: Exception) -> bool:
    from redis.exceptions import RedisError

    closed = isinstance(error, RuntimeError) and CLOSED_TRANSPORT in str(error)
    return closed or isinstance(error, RedisError | OSError | TimeoutError)


def redis_away(error: BaseException) -> RedisAway:
    """Convert a redis-py or OS error. The message never contains an address or a password."""
    text = str(error)  # an error inside a Lua script contains the error text of the failed command
    for words, reason, message in _BY_WORDS:
        if words in text:
            return RedisAway(message, reason=reason)
    for kind, reason, message in _by_type():
        if isinstance(error, kind):
            return RedisAway(message, reason=reason)
    return RedisAway(f"Redis returned an error: {text[:120]}", reason="error")


def read_script(folder: Path, *names: str) -> str:
    """Read a Lua script made of several files in one folder, shared code first."""
    return "\n".join((folder / f"{name}.lua").read_text(encoding="utf-8") for name in names)
