"""Deletes tasks by age and state (LIBRARY_DAYS), and removes what deletions leave in the database's files.

Only tasks that are in the library alone: one that is live is in use. Unfinished work of the others was broken off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import suppress

import structlog

from core.clock import Clock
from core.errors import NotFound, RedisAway
from core.library.base import Library, LibraryAway
from core.library.records import RetentionRule
from core.sessions.base import SessionStore
from core.sessions.codec import StoredUnreadable
from core.sessions.library_records import milliseconds
from core.settings.library import ARCHIVED

log = structlog.get_logger(__name__)

FIRST_S = 60.0
"""After the start, so that it does not delay it."""
EVERY_S = 3600.0
BATCH = 10
"""Sessions that are deleted in one transaction: tenths of a second for large ones."""
PAUSE_S = 0.5
"""Between two batches, in which others write."""
DAY_MS = 24 * 3600 * 1000
COMPACT_EVERY_MS = DAY_MS


class Retention:
    def __init__(self, live: SessionStore, library: Library, clock: Clock, days: Collection[tuple[str, int]]) -> None:
        """`days`: `LibrarySettings.retention_days`."""
        self._live = live
        self._library = library
        self._clock = clock
        self._days = days
        self._compacted_ms = milliseconds(clock.now()) - COMPACT_EVERY_MS

    async def run(self) -> None:
        """Apply the rules every hour, until cancelled."""
        await asyncio.sleep(FIRST_S)
        while True:
            try:
                await self.delete_expired()
                await self.compact()
            except (LibraryAway, RedisAway) as error:
                log.debug("library.retention_postponed", reason=error.message)
            await asyncio.sleep(EVERY_S)

    async def delete_expired(self) -> int:
        """Delete the tasks that a rule matches, and return how many. Raises LibraryAway, RedisAway."""
        count = 0
        for rule in retention_rules(self._days, milliseconds(self._clock.now())):
            in_use: set[str] = set()
            while found := await self._library.expired(rule, in_use, BATCH):
                in_use |= {session_id for session_id in found if await self._is_live(session_id)}
                deleted = await self._delete(rule, [one for one in found if one not in in_use])
                count += len(deleted)
                if not deleted and not in_use & set(found):
                    return count  # another process is at it
                await asyncio.sleep(PAUSE_S)
        if count:
            log.info("library.tasks_expired", tasks=count)
        return count

    async def compact(self) -> None:
        """At most once a day, if anything was deleted since. Raises LibraryAway."""
        now_ms = milliseconds(self._clock.now())
        if now_ms - self._compacted_ms >= COMPACT_EVERY_MS:
            if await self._library.deletions(self._compacted_ms):
                await self._library.compact()
            self._compacted_ms = now_ms

    async def _delete(self, rule: RetentionRule, session_ids: Collection[str]) -> tuple[str, ...]:
        if not session_ids:
            return ()
        deleted = await self._library.expire(rule, session_ids, milliseconds(self._clock.now()))
        for session_id in deleted:
            with suppress(
                NotFound
            ):  # as expected; a process that restored it meanwhile loses it, and no other restores it
                await self._live.delete(session_id)
        return deleted

    async def _is_live(self, session_id: str) -> bool:
        try:
            await self._live.summary(session_id)
        except NotFound:
            return False
        except StoredUnreadable:  # by this release: it must not keep the others from being deleted
            return True
        return True


def retention_rules(days: Collection[tuple[str, int]], now_ms: int) -> Iterator[RetentionRule]:
    """An archived task follows the rule for archived ones only."""
    for name, count in days:
        archived = name == ARCHIVED
        yield RetentionRule(
            before_ms=now_ms - count * DAY_MS,
            why=f"LIBRARY_DAYS: {name}, unchanged for {count} days",
            archived=archived,
            states=() if archived else (name,),
        )
