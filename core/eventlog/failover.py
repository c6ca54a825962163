"""Events in Redis or in this process, wherever the session is at that moment. Watchers follow it without noticing.

Ids only grow over every change of place: events made here go on after the newest id that Redis is known to have, and
keep their ids in Redis afterwards, unless others wrote there meanwhile: then readers are told to reload.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from core.domain.events import Event, EventDraft
from core.errors import NotFound, RedisAway
from core.eventlog.base import EventLog, parsed_event_id
from core.eventlog.memory import MemoryEventLog
from core.eventlog.redis import RedisEventLog


class Places(Protocol):
    """Where each session's truth is; kept by the session store."""

    def here(self, session_id: str) -> bool: ...

    def moved(self, session_id: str) -> asyncio.Future[None]: ...

    def failed(self, error: RedisAway) -> None: ...

    def settle(self, session_id: str) -> object:
        """Have it here; raises RedisAway when this process does not know the session."""
        ...

    async def read(self, session_id: str) -> object:
        """Raises NotFound when the session has ended."""
        ...


class FailoverEventLog(EventLog):
    def __init__(self, redis: RedisEventLog, memory: MemoryEventLog, places: Places) -> None:
        self._redis = redis
        self._memory = memory
        self._places = places
        self._watchers = 0

    async def append(self, session_id: str, drafts: Sequence[EventDraft]) -> tuple[Event, ...]:
        return await self._log(session_id).append(session_id, drafts)

    async def read(self, session_id: str, after: str, limit: int) -> tuple[Event, ...]:
        try:
            return await self._log(session_id).read(session_id, after, limit)
        except RedisAway as error:
            self._places.failed(error)
        return await self._log(session_id).read(session_id, after, limit)

    async def last_id(self, session_id: str) -> str:
        try:
            return await self._log(session_id).last_id(session_id)
        except RedisAway as error:
            self._places.failed(error)
        return await self._log(session_id).last_id(session_id)

    async def watch(self, session_id: str, after: str) -> AsyncGenerator[tuple[Event, ...], None]:
        parsed_event_id(after)
        self._watchers += 1
        try:
            while True:
                moved = self._places.moved(session_id)
                try:
                    source = self._log(session_id).watch(session_id, after)
                except RedisAway:  # nobody here knows the session: wait until Redis is back
                    await asyncio.shield(moved)
                    continue
                async with aclosing(_until(source, moved)) as batches:
                    try:
                        async for batch in batches:
                            after = batch[-1].id
                            yield batch
                    except RedisAway as error:
                        self._places.failed(error)
                    except NotFound:
                        await self._places.read(session_id)  # raises, unless only Redis has lost it
        finally:
            self._watchers -= 1

    async def forget(self, session_id: str) -> None:
        await self._log(session_id).forget(session_id)

    def watchers(self) -> int:
        return self._watchers

    def _log(self, session_id: str) -> EventLog:
        """Raises RedisAway when Redis is away and the session is not known here."""
        if not self._places.here(session_id):
            return self._redis
        self._places.settle(session_id)
        return self._memory


class DetachedEvents:
    """Events that were made here while Redis was away, on their way into Redis."""

    def __init__(self, redis: RedisEventLog, memory: MemoryEventLog) -> None:
        self._redis = redis
        self._memory = memory
        self.newest = memory.newest
        self.after = memory.kept
        self.begin = memory.begin_at
        self.let_go = memory.let_go

    async def merge(
        self, session_id: str, known: str, events: Sequence[Event], reload: EventDraft, given_out: str, life_s: float
    ) -> tuple[bool, str]:
        return await self._redis.merge(
            session_id, known=known, events=events, reload=reload, given_out=given_out, life_s=life_s
        )


async def _until(
    source: AsyncGenerator[tuple[Event, ...], None], moved: asyncio.Future[None]
) -> AsyncGenerator[tuple[Event, ...], None]:
    """The batches of `source` until the session has moved."""
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
                coming.exception()  # whatever it was: nobody waits for it any more
        await source.aclose()


async def _next(source: AsyncGenerator[tuple[Event, ...], None]) -> tuple[Event, ...]:
    return await anext(source)
