"""What changed of sessions since they were written to the library, and its encoding in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from core.domain.hunt import Hunt
from core.domain.session import Session
from core.library.records import LibraryEvent, SessionChanges
from core.sessions.library_records import library_head, library_hunt

BATCH_SESSIONS = 20
BATCH_BYTES = 4 * 1024 * 1024
"""Written in one transaction: tenths of a second."""
SLICE_BYTES = 256 * 1024
"""Encoded without a pause: about a millisecond."""


@dataclass
class PendingChanges:
    """Of one session."""

    since_s: float
    head: Session | None = None
    notebook: bytes | None = None
    hunts: dict[str, Hunt] = field(default_factory=dict)
    events: list[LibraryEvent] = field(default_factory=list)
    deleted_by: str | None = None
    reread: bool = False
    """Too much waits: the states are in the live store only."""

    def update_head(self, session: Session) -> None:
        if self.head is None or self.head.version < session.version:
            self.head = session

    def update_hunt(self, hunt: Hunt) -> None:
        before = self.hunts.get(hunt.hunt_id)
        if before is None or before.progress <= hunt.progress:
            self.hunts[hunt.hunt_id] = hunt

    def add_earlier(self, earlier: PendingChanges) -> None:
        """Add what could not be written."""
        self.since_s = min(self.since_s, earlier.since_s)
        self.notebook = self.notebook if self.notebook is not None else earlier.notebook
        self.events = [*earlier.events, *self.events]
        self.reread |= earlier.reread
        if earlier.head is not None:
            self.update_head(earlier.head)
        for hunt in earlier.hunts.values():
            self.update_hunt(hunt)


class Encoder:
    """Encodes one batch. `stored_replies`: session ID and hunt ID of the hunts whose reply the library has."""

    def __init__(self, stored_replies: Container[tuple[str, str]]) -> None:
        self._stored_replies = stored_replies
        self._since_pause_bytes = 0

    async def encode(self, session_id: str, pending: PendingChanges, now_ms: int) -> SessionChanges:
        """Return the changes as the library stores them. Pauses, so that others of this process run."""
        hunts = []
        for hunt in pending.hunts.values():
            one = library_hunt(hunt, with_reply=(session_id, hunt.hunt_id) not in self._stored_replies)
            hunts.append(one)
            self._since_pause_bytes += len(one.state) + len(one.reply)
            if self._since_pause_bytes >= SLICE_BYTES:
                self._since_pause_bytes = 0
                await asyncio.sleep(0)
        head = None if pending.head is None else library_head(pending.head)
        self._since_pause_bytes += 0 if head is None else len(head.head)
        return SessionChanges(
            session_id=session_id,
            changed_ms=now_ms,
            head=head,
            notebook=pending.notebook,
            hunts=tuple(hunts),
            events=tuple(pending.events),
            deleted_by=pending.deleted_by,
        )


def next_batch(changes: Iterable[SessionChanges]) -> list[SessionChanges]:
    """Take the changes of one transaction."""
    found: list[SessionChanges] = []
    size = 0
    for one in changes:
        found.append(one)
        size += one.size_bytes
        if size >= BATCH_BYTES or len(found) >= BATCH_SESSIONS:
            break
    return found
