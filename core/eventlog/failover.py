"""An event log in Redis or in this process, depending on where the session is stored. Watchers switch transparently.

Ids grow across every switch. Local events continue after the newest id known to be in Redis and keep their ids when
they move to Redis. If another process wrote to Redis in the meantime, readers must reload instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from core.domain.events import Event, EventDraft
from core.errors import NotFound, RedisAway
from core.eventlog.base import EventLog, parse_event_id
from core.eventlog.memory import MemoryEventLog
from core.eventlog.redis import RedisEventLog


class SessionLocations(Protocol):
    """Where each session's current state is; implemented by the session store."""

    def is_local(self, session_id: str) -> bool: ...

    def moved(self, session_id: str) -> asyncio.Future[None]: ...

    def mark_redis_down(self, error: RedisAway) -> None: ...

    def detach(self, session_id: str) -> object:
        """Make this process the owner of the session. Raises RedisAway if it has no copy."""
        ...

    async def read(self, session_id: str) -> object:
        """Raises NotFound when the session has ended."""
        ...


class FailoverEventLog(EventLog):
    def __init__(self, redis: RedisEventLog, memory: MemoryEventLog, locations: SessionLocations) -> None:
        self._redis = redis
        self._memory = memory
        self._locations = locations
        self._watchers = 0

    async def append(self, session_id: str, drafts: Sequence[EventDraft]) -> tuple[Event, ...]:
        return await self._log(session_id).append(session_id, drafts)

    async def read(self, session_id: str, after: str, limit: int) -> tuple[Event, ...]:
        try:
            return await self._log(session_id).read(session_id, after, limit)
        except RedisAway as error:
            self._locations.mark_redis_down(error)
        return await self._log(session_id).read(session_id, after, limit)

    async def last_id(self, session_id: str) -> str:
        try:
            return await self._log(session_id).last_id(session_id)
        except RedisAway as error:
            self._locations.mark_redis_down(error)
        return await self._log(session_id).last_id(session_id)

    async def watch(self, session_id: str, after: str) -> AsyncGenerator[tuple[Event, ...], None]:
        parse_event_id(after)
        self._watchers += 1
        try:
            while True:
                moved = self._locations.moved(session_id)
                try:
                    source = self._log(session_id).watch(session_id, after)
                except RedisAway:  # this process has no copy of the session: wait until Redis is up
                    await asyncio.shield(moved)
                    continue
                async with aclosing(_until(source, moved)) as batches:
                    try:
                        async for batch in batches:
                            after = batch[-1].id
                            yield batch
                    except RedisAway as error:
                        self._locations.mark_redis_down(error)
                    except NotFound:
                        await self._locations.read(session_id)  # raises unless only Redis lost the session
        finally:
            self._watchers -= 1

    async def forget(self, session_id: str) -> None:
        await self._log(session_id).forget(session_id)

    def watchers(self) -> int:
        return self._watchers

    def _log(self, session_id: str) -> EventLog:
        """Raises RedisAway if Redis is down and this process has no copy of the session."""
        if not self._locations.is_local(session_id):
            return self._redis
        self._locations.detach(session_id)
        return self._memory


class DetachedEvents:
    """Moves events that were published locally while Redis was down into Redis."""

    def __init__(self, redis: RedisEventLog, memory: MemoryEventLog) -> None:
        self._redis = redis
        self._memory = memory
        self.newest = memory.newest
        self.after = memory.stored
        self.begin = memory.start_after
        self.discard = memory.discard

    async def merge(
        self, session_id: str, known: str, events: Sequence[Event], reload: EventDraft, last_issued: str, life_s: float
    ) -> tuple[bool, str]:
        return await self._redis.merge(
            session_id, known=known, events=events, reload=reload, last_issued=last_issued, life_s=life_s
        )


async def _until(
    source: AsyncGenerator[tuple[Event, ...], None], moved: asyncio.Future[None]
) -> AsyncGenerator[tuple[Event, ...], None]:
    """Yield the batches of `source` until the session moves."""
    coming: asyncio.Task[tuple[Event, ...]] | None = None
    try:
        while not moved.done():
            coming = asyncio.create_task(_next(source), name="events")
            waited: set[asyncio.Future[Any]] = {coming, moved}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                yield coming.result()
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.wait({coming})
            if not coming.cancelled():
                coming.exception()  # retrieve it, so that asyncio does not log it
        await source.aclose()


async def _next(source: AsyncGenerator[tuple[Event, ...], None]) -> tuple[Event, ...]:
    return await anext(source)
