"""Opens the clients to Redis, and turns what goes wrong there into one error of ours.

Two clients: `commands` answers within REDIS_TIMEOUT or fails, is never retried by itself, and its pool waits for a free
connection instead of growing; `blocking` is for reads that wait (XREAD BLOCK), with a socket that outlasts the wait.
redis-py's own defaults hold one GET at a hung Redis for 59 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from core.errors import RedisAway
from core.settings import RedisSettings

BLOCK_MARGIN_S = 2.0
"""How much longer than the longest blocking read its socket waits."""
GRACE_S = 0.05
"""A deadline that has passed is a failure of Redis only after so long in which our own loop was on time."""
MAX_GRACES = 20
"""Whoever never has the CPU in time gives up all the same."""
SOCKET_FACTOR = 4
"""A command's socket waits longer than its deadline, which knows whose lateness it was."""
HEALTH_CHECK_S = 15
"""A connection that was idle for so long is asked with a PING before it is used again."""
BLOCKING_CONNECTIONS = 8


@dataclass(frozen=True)
class RedisClients:
    """Owned by the runtime, closed last. Both give bytes."""

    commands: Redis
    blocking: Redis


@asynccontextmanager
async def open_redis(settings: RedisSettings, instance: str) -> AsyncIterator[RedisClients]:
    """Both clients, closed with the block. Nothing is connected yet: a Redis that is away is no error here."""
    timeout_s = settings.timeout_s
    commands = _client(
        settings.url,
        name=f"mh-{instance}-commands",
        socket_timeout_s=timeout_s * SOCKET_FACTOR,
        pool_timeout_s=timeout_s,
        connect_timeout_s=timeout_s,
        connections=settings.max_connections,
    )
    blocking = _client(
        settings.url,
        name=f"mh-{instance}-blocking",
        socket_timeout_s=settings.block_s + BLOCK_MARGIN_S,
        pool_timeout_s=timeout_s,
        connect_timeout_s=timeout_s,
        connections=BLOCKING_CONNECTIONS,
    )
    try:
        yield RedisClients(commands, blocking)
    finally:
        await blocking.aclose()
        await commands.aclose()


class FairPool(BlockingConnectionPool):
    """A bounded pool that serves who waits in the order of coming.

    redis-py's own lets newcomers overtake: with more questions than connections, some wait until they time out, which
    would look like a hung Redis.
    """

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


def _client(
    url: str,
    *,
    name: str,
    socket_timeout_s: float,
    pool_timeout_s: float,
    connect_timeout_s: float,
    connections: int,
) -> Redis:
    pool = FairPool.from_url(
        url,
        max_connections=connections,
        timeout=pool_timeout_s,
        socket_timeout=socket_timeout_s,
        socket_connect_timeout=connect_timeout_s,
        socket_keepalive=True,
        health_check_interval=HEALTH_CHECK_S,
        client_name="".join(c if c.isalnum() or c in "-_." else "_" for c in name),
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    return Redis.from_pool(pool)


@contextmanager
def map_redis_errors() -> Iterator[None]:
    """Every failure of Redis inside the block becomes RedisAway with a reason for people; nothing else does.

    redis-py 8.1 loses a cancellation that reaches it while it connects, and goes on as if nothing had been said: that
    is noticed here and cancels after all.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    except (exceptions.RedisError, OSError, TimeoutError) as error:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError from error
        raise redis_away(error) from error
    if task and task.cancelling() > before:
        raise asyncio.CancelledError


@asynccontextmanager
async def with_deadline(deadline_s: float) -> AsyncIterator[None]:
    """The same with a deadline over everything inside: waiting for a connection, connecting, the answer.

    Our own lateness is not Redis's: when the loop could not run (no CPU, a stopped process), what came meanwhile is
    read first, and the deadline fails only after a grace in which the loop was on time.
    """
    with map_redis_errors():
        async with asyncio.timeout(None) as limit:
            deadline = _FairDeadline(limit, deadline_s)
            try:
                yield
            finally:
                deadline.end()


class _FairDeadline:
    """Ends `limit` when its time has passed and the loop was on time in a grace since."""

    def __init__(self, limit: asyncio.Timeout, deadline_s: float) -> None:
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._graces = 0
        self._due_at = self._loop.time() + deadline_s
        self._timer = self._loop.call_at(self._due_at, self._passed)

    def end(self) -> None:
        self._timer.cancel()

    def _passed(self) -> None:
        on_time = self._loop.time() - self._due_at < GRACE_S
        if self._graces and (on_time or self._graces >= MAX_GRACES):
            self._limit.reschedule(self._loop.time())
            return
        self._graces += 1
        self._due_at = self._loop.time() + GRACE_S
        self._timer = self._loop.call_at(self._due_at, self._passed)


_BY_TYPE: tuple[tuple[type[BaseException], str, str], ...] = (
    (exceptions.OutOfMemoryError, "out_of_memory", "Redis is out of memory and takes no writes."),
    (exceptions.ReadOnlyError, "read_only", "Redis is read-only."),
    (exceptions.BusyLoadingError, "loading", "Redis is still loading its data."),
    (exceptions.MasterDownError, "read_only", "Redis has lost its master and takes no writes."),
    (exceptions.AuthenticationError, "refused", "Redis refuses the password or the user."),
    (exceptions.NoPermissionError, "refused", "Redis refuses this user a command that is needed."),
    (exceptions.TimeoutError, "timeout", "Redis does not answer in time."),
    (TimeoutError, "timeout", "Redis does not answer in time."),
    (exceptions.MaxConnectionsError, "timeout", "No connection to Redis became free in time."),
    (exceptions.ConnectionError, "unreachable", "Redis cannot be reached."),
    (OSError, "unreachable", "Redis cannot be reached."),
)
_BY_WORDS: tuple[tuple[str, str, str], ...] = (
    ("No connection available", "timeout", "No connection to Redis became free in time."),
    ("OOM ", "out_of_memory", "Redis is out of memory and takes no writes."),
    ("READONLY", "read_only", "Redis is read-only."),
    ("NOREPLICAS", "read_only", "Redis has too few replicas and takes no writes."),
    ("MISCONF", "read_only", "Redis cannot save to its disk and takes no writes."),
    ("LOADING", "loading", "Redis is still loading its data."),
    ("NOAUTH", "refused", "Redis wants a password."),
    ("WRONGPASS", "refused", "Redis refuses the password or the user."),
    ("NOPERM", "refused", "Redis refuses this user a command that is needed."),
    ("BUSY ", "timeout", "Redis is busy with a script."),
)


def redis_away(error: BaseException) -> RedisAway:
    """Our error for a foreign one. The reason is for people and never holds an address or a password."""
    text = str(error)  # an error inside a Lua script comes with the words of the command that failed
    for words, reason, message in _BY_WORDS:
        if words in text:
            return RedisAway(message, reason=reason)
    for kind, reason, message in _BY_TYPE:
        if isinstance(error, kind):
            return RedisAway(message, reason=reason)
    return RedisAway(f"Redis answered with an error: {text[:120]}", reason="error")


def read_script(folder: Path, *names: str) -> str:
    """A Lua script put together of files of one folder: what is shared first."""
    return "\n".join((folder / f"{name}.lua").read_text(encoding="utf-8") for name in names)
