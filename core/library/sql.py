"""The library in SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import import_module

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.library.base import Library
from core.library.deleting import delete_expired, find_deletions, find_expired
from core.library.engine import READS, WRITES, map_database_errors, open_engine
from core.library.listing import list_session_ids, list_similar, list_tasks, list_waiting
from core.library.migrate import check_readable, is_current, migrate
from core.library.overview import team_overview
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
from core.library.schema import events, hunts, notebooks, sessions
from core.library.writing import in_steps, merge_search_index, write_archived, write_changes

MERGE_PAGES = 100
"""Of SQLite's search index, merged in one transaction: some milliseconds."""
MERGE_PAUSE_S = 0.02
"""Others write between two of them."""


class SqlLibrary(Library):
    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """Connects with the first use, and migrates then, unless it is `read_only`."""
        self._url = url
        self._read_only = read_only
        self._engine: AsyncEngine | None = None
        self._is_ready = False
        self._preparing = asyncio.Lock()

    async def open(self) -> None:
        with map_database_errors():
            await self._prepare()

    async def write(self, changes: Sequence[SessionChanges]) -> None:
        changes = sorted(changes, key=lambda one: one.session_id)  # the same order everywhere, against deadlocks
        async with self._transaction(writes=True) as connection:
            for some in in_steps(changes):
                await connection.run_sync(write_changes, some)

    async def read(self, session_id: str) -> StoredSession | None:
        async with self._transaction() as connection:
            head = (
                await connection.execute(
                    select(sessions.c.head, sessions.c.changed_ms, notebooks.c.content)
                    .join(notebooks, notebooks.c.session_id == sessions.c.session_id)
                    .where(sessions.c.session_id == session_id, sessions.c.deleted_ms.is_(None))
                )
            ).first()
            if head is None:
                return None
            rows = await connection.execute(
                select(hunts.c.state, hunts.c.reply).where(hunts.c.session_id == session_id).order_by(hunts.c.number)
            )
            found = tuple((bytes(row.state), bytes(row.reply or b"")) for row in rows)
            return StoredSession(bytes(head.head), bytes(head.content), found, head.changed_ms)

    async def owner(self, session_id: str) -> str | None:
        async with self._transaction() as connection:
            found = await connection.execute(
                select(sessions.c.owner).where(sessions.c.session_id == session_id, sessions.c.deleted_ms.is_(None))
            )
            return found.scalar_one_or_none()

    async def progress(self, session_ids: Collection[str]) -> Mapping[str, StoredProgress]:
        async with self._transaction() as connection:
            heads = await connection.execute(
                select(sessions.c.session_id, sessions.c.version).where(
                    sessions.c.session_id.in_(session_ids), sessions.c.deleted_ms.is_(None)
                )
            )
            versions: dict[str, int] = {row.session_id: row.version for row in heads}
            states = await connection.execute(
                select(hunts.c.session_id, hunts.c.hunt_id, hunts.c.progress).where(hunts.c.session_id.in_(versions))
            )
            found: dict[str, dict[str, int]] = {session_id: {} for session_id in versions}
            for row in states:
                found[row.session_id][row.hunt_id] = row.progress
        return {session_id: StoredProgress(versions[session_id], found[session_id]) for session_id in versions}

    async def deleted(self, session_ids: Collection[str]) -> frozenset[str]:
        async with self._transaction() as connection:
            rows = await connection.execute(
                select(sessions.c.session_id).where(
                    sessions.c.session_id.in_(session_ids), sessions.c.deleted_ms.is_not(None)
                )
            )
            return frozenset(row.session_id for row in rows)

    async def active(self, since_ms: int) -> tuple[str, ...]:
        async with self._transaction() as connection:
            rows = await connection.execute(
                select(sessions.c.session_id)
                .where(sessions.c.active, sessions.c.changed_ms >= since_ms, sessions.c.deleted_ms.is_(None))
                .order_by(sessions.c.changed_ms.desc())
            )
            return tuple(row.session_id for row in rows)

    async def events(self, session_id: str) -> tuple[LibraryEvent, ...]:
        async with self._transaction() as connection:
            rows = await connection.execute(
                select(events).where(events.c.session_id == session_id).order_by(events.c.at_ms, events.c.event_id)
            )
            return tuple(LibraryEvent(row.event_id, row.at_ms, row.actor, row.action, row.detail) for row in rows)

    async def tasks(self, query: TaskQuery) -> tuple[StoredTask, ...]:
        async with self._transaction() as connection:
            return await connection.run_sync(list_tasks, query)

    async def overview(self, now_ms: int, since_ms: int, limit: int) -> TeamOverview:
        async with self._transaction() as connection:
            return await connection.run_sync(team_overview, now_ms, since_ms, limit)

    async def waiting_for(self, person: str, kinds: Sequence[str], limit: int) -> tuple[WaitingItem, ...]:
        async with self._transaction() as connection:
            return await connection.run_sync(list_waiting, person, kinds, limit)

    async def similar(self, query: SimilarQuery) -> tuple[tuple[StoredTask, bytes], ...]:
        async with self._transaction() as connection:
            return await connection.run_sync(list_similar, query)

    async def session_ids(self, query: PeriodQuery) -> tuple[tuple[str, bool], ...]:
        async with self._transaction() as connection:
            return await connection.run_sync(list_session_ids, query)

    async def set_archived(self, session_id: str, archived: bool, event: LibraryEvent) -> bool:
        async with self._transaction(writes=True) as connection:
            return await connection.run_sync(write_archived, session_id, archived, event)

    async def expired(self, rule: RetentionRule, skip: Collection[str], limit: int) -> tuple[str, ...]:
        async with self._transaction() as connection:
            return await connection.run_sync(find_expired, rule, skip, limit)

    async def expire(self, rule: RetentionRule, session_ids: Collection[str], now_ms: int) -> tuple[str, ...]:
        async with self._transaction(writes=True) as connection:
            return await connection.run_sync(delete_expired, rule, session_ids, now_ms)

    async def deletions(self, since_ms: int) -> tuple[Deletion, ...]:
        async with self._transaction() as connection:
            return await connection.run_sync(find_deletions, since_ms)

    async def compact(self) -> None:
        more, pages = True, -MERGE_PAGES  # negative: begin to merge all parts of the index
        while more:
            async with self._transaction(writes=True) as connection:
                if connection.dialect.name != "sqlite":
                    return
                more = await connection.run_sync(merge_search_index, pages) or pages < 0
            pages = MERGE_PAGES
            await asyncio.sleep(MERGE_PAUSE_S)
        await self._empty_write_ahead_log()

    async def count(self) -> int:
        async with self._transaction() as connection:
            found = await connection.execute(
                select(func.count()).select_from(sessions).where(sessions.c.deleted_ms.is_(None))
            )
            return int(found.scalar_one())

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()

    async def _empty_write_ahead_log(self) -> None:
        """Its old pages stay in the file otherwise. While others read, it stays for the next time."""
        with map_database_errors():
            engine = await self._prepare()
            async with engine.connect() as plain:
                connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    @asynccontextmanager
    async def _transaction(self, *, writes: bool = False) -> AsyncIterator[AsyncConnection]:
        with map_database_errors():
            engine = await self._prepare()
            async with engine.connect() as plain:
                options = WRITES if writes else READS
                connection = await plain.execution_options(**options[plain.dialect.name])
                async with connection.begin():
                    yield connection

    async def _prepare(self) -> AsyncEngine:
        """Open the engine, and migrate once per process."""
        if self._engine is not None and self._is_ready:
            return self._engine
        async with self._preparing:
            if self._engine is None:
                self._engine = open_engine(self._url, read_only=self._read_only)
            if not self._is_ready and self._read_only:
                async with self._engine.connect() as plain:
                    await plain.run_sync(check_readable)
            elif not self._is_ready:
                async with self._engine.connect() as plain:
                    current = await plain.run_sync(is_current)
                if not current:
                    await asyncio.to_thread(import_module, "alembic.command")  # a tenth of a second
                    async with self._engine.connect() as plain:
                        connection = await plain.execution_options(**WRITES[plain.dialect.name])
                        async with connection.begin():
                            await connection.run_sync(migrate)
                self._is_ready = True
            return self._engine
