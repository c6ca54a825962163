"""The library, opened with its first use: SQLAlchemy takes half a second to import, which no start waits for.

A call that its caller cancels is finished all the same: a driver that is interrupted while it connects can wait for its
own thread forever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from importlib import import_module
from typing import Any, TypeVar

from core.library.base import Library
from core.library.records import (
    Deletion,
    LibraryEvent,
    PeriodQuery,
    RetentionRule,
    SessionChanges,
    SimilarQuery,
    StoredProgress,
    StoredSession,
    StoredTask,
    TaskQuery,
    TeamOverview,
    WaitingItem,
)

T = TypeVar("T")
CLOSE_S = 10.0
"""Longest wait for calls that are not finished at the end."""


class LazyLibrary(Library):
    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """`read_only`: nothing is written, created or migrated, and a server may use the library meanwhile."""
        self._url = url
        self._read_only = read_only
        self._opened: Library | None = None
        self._opening = asyncio.Lock()
        self._calls: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        await self._call(lambda library: library.open())

    async def write(self, changes: Sequence[SessionChanges]) -> None:
        await self._call(lambda library: library.write(changes))

    async def read(self, session_id: str) -> StoredSession | None:
        return await self._call(lambda library: library.read(session_id))

    async def owner(self, session_id: str) -> str | None:
        return await self._call(lambda library: library.owner(session_id))

    async def progress(self, session_ids: Collection[str]) -> Mapping[str, StoredProgress]:
        return await self._call(lambda library: library.progress(session_ids))

    async def deleted(self, session_ids: Collection[str]) -> frozenset[str]:
        return await self._call(lambda library: library.deleted(session_ids))

    async def active(self, since_ms: int) -> tuple[str, ...]:
        return await self._call(lambda library: library.active(since_ms))

    async def events(self, session_id: str) -> tuple[LibraryEvent, ...]:
        return await self._call(lambda library: library.events(session_id))

    async def tasks(self, query: TaskQuery) -> tuple[StoredTask, ...]:
        return await self._call(lambda library: library.tasks(query))

    async def overview(self, now_ms: int, since_ms: int, limit: int) -> TeamOverview:
        return await self._call(lambda library: library.overview(now_ms, since_ms, limit))

    async def waiting_for(self, person: str, kinds: Sequence[str], limit: int) -> tuple[WaitingItem, ...]:
        return await self._call(lambda library: library.waiting_for(person, kinds, limit))

    async def similar(self, query: SimilarQuery) -> tuple[tuple[StoredTask, bytes], ...]:
        return await self._call(lambda library: library.similar(query))

    async def session_ids(self, query: PeriodQuery) -> tuple[tuple[str, bool], ...]:
        return await self._call(lambda library: library.session_ids(query))

    async def set_archived(self, session_id: str, archived: bool, event: LibraryEvent) -> bool:
        return await self._call(lambda library: library.set_archived(session_id, archived, event))

    async def expired(self, rule: RetentionRule, skip: Collection[str], limit: int) -> tuple[str, ...]:
        return await self._call(lambda library: library.expired(rule, skip, limit))

    async def expire(self, rule: RetentionRule, session_ids: Collection[str], now_ms: int) -> tuple[str, ...]:
        return await self._call(lambda library: library.expire(rule, session_ids, now_ms))

    async def deletions(self, since_ms: int) -> tuple[Deletion, ...]:
        return await self._call(lambda library: library.deletions(since_ms))

    async def compact(self) -> None:
        await self._call(lambda library: library.compact())

    async def count(self) -> int:
        return await self._call(lambda library: library.count())

    async def close(self) -> None:
        if self._calls:
            await asyncio.wait(self._calls, timeout=CLOSE_S)
        if self._opened is not None:
            await self._opened.close()

    async def _call(self, call: Callable[[Library], Awaitable[T]]) -> T:
        task = asyncio.create_task(self._run(call), name="library")
        self._calls.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    async def _run(self, call: Callable[[Library], Awaitable[T]]) -> T:
        return await call(await self._open())

    async def _open(self) -> Library:
        if self._opened is None:
            async with self._opening:
                if self._opened is None:
                    module = await asyncio.to_thread(import_module, "core.library.sql")
                    self._opened = module.SqlLibrary(self._url, read_only=self._read_only)
        return self._opened

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._calls.discard(task)
        if not task.cancelled():
            task.exception()  # retrieve it: its caller may be gone
