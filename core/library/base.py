"""The interface of the library. Its records are in records.py.

A session is stored as the JSON that the live store uses: its head, the original notebook, and each hunt in two parts
(state and reply). Beside them are the columns that lists and searches need.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence

from core.errors import Unavailable
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


class LibraryAway(Unavailable):
    """The library's database cannot be used at the moment. `message` names neither addresses nor passwords."""

    code = "library_away"


class LibraryRejected(LibraryAway):
    """The database works, and rejects what is written: a fault of ours, which trying again does not fix."""


def library_away(why: str) -> LibraryAway:
    return LibraryAway(
        f"The library is unavailable: {why}",
        hint="Open sessions and runs continue. Sessions from before open as soon as the library is back.",
    )


class Library(ABC):
    """Stores sessions durably. Methods raise LibraryAway while the database cannot be used.

    Writing is idempotent: of two writes of one head the higher version remains, of two states of one hunt the one with
    more progress, whichever process wrote them and in whatever order. A deleted session stays deleted: later writes
    leave no trace of it.
    """

    @abstractmethod
    async def open(self) -> None:
        """Connect, and create or migrate the tables. Every other method does so with its first use, which takes up to
        seconds."""

    @abstractmethod
    async def write(self, changes: Sequence[SessionChanges]) -> None:
        """Write the changes of several sessions: all or none of them."""

    @abstractmethod
    async def read(self, session_id: str) -> StoredSession | None:
        """Return a session, None if it is unknown or deleted. Consistent: everything is of one moment."""

    @abstractmethod
    async def owner(self, session_id: str) -> str | None:
        """Return whose session it is, also of one whose content cannot be read; None if it is unknown or deleted."""

    @abstractmethod
    async def progress(self, session_ids: Collection[str]) -> Mapping[str, StoredProgress]:
        """Return how far sessions are, by ID; deleted and unknown ones are left out."""

    @abstractmethod
    async def deleted(self, session_ids: Collection[str]) -> frozenset[str]:
        """Return which of these sessions were deleted."""

    @abstractmethod
    async def active(self, since_ms: int) -> tuple[str, ...]:
        """Return the IDs of sessions with unfinished work that changed since then, the newest first."""

    @abstractmethod
    async def events(self, session_id: str) -> tuple[LibraryEvent, ...]:
        """Return what happened to a session, oldest first. Those of a deleted session remain."""

    @abstractmethod
    async def tasks(self, query: TaskQuery) -> tuple[StoredTask, ...]:
        """Return the tasks that match, those changed last first, at most `limit`."""

    @abstractmethod
    async def overview(self, now_ms: int, since_ms: int, limit: int) -> TeamOverview:
        """Return what is open, and what was delivered since then; at most `limit` tasks of each list."""

    @abstractmethod
    async def waiting_for(self, person: str, kinds: Sequence[str], limit: int) -> tuple[WaitingItem, ...]:
        """Return what waits for a person, of these kinds, the longest wait first."""

    @abstractmethod
    async def similar(self, query: SimilarQuery) -> tuple[tuple[StoredTask, bytes], ...]:
        """Return tasks and their heads: those with the same prompt first, the newest of them first, then a few that
        share most bands. Whether those are similar is for the caller to find out."""

    @abstractmethod
    async def session_ids(self, query: PeriodQuery) -> tuple[tuple[str, bool], ...]:
        """Return the IDs of all sessions that match, in their order, and whether they are archived."""

    @abstractmethod
    async def set_archived(self, session_id: str, archived: bool, event: LibraryEvent) -> bool:
        """Archive a task or take it back, and record who did. Returns False if the library does not have it."""

    @abstractmethod
    async def expired(self, rule: RetentionRule, skip: Collection[str], limit: int) -> tuple[str, ...]:
        """Return sessions that the rule matches, those unchanged for longest first, without those in `skip`."""

    @abstractmethod
    async def expire(self, rule: RetentionRule, session_ids: Collection[str], now_ms: int) -> tuple[str, ...]:
        """Delete those of these sessions that the rule still matches, and return them. One process at a time does so:
        none are deleted while another one does."""

    @abstractmethod
    async def deletions(self, since_ms: int) -> tuple[Deletion, ...]:
        """Return the sessions that were deleted since then."""

    @abstractmethod
    async def compact(self) -> None:
        """Overwrite what deletions have left in SQLite's search index and write-ahead log, in short steps. PostgreSQL
        does that by itself (autovacuum)."""

    @abstractmethod
    async def count(self) -> int:
        """Return the number of sessions."""

    @abstractmethod
    async def close(self) -> None:
        """Close all connections."""
