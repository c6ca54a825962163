"""Sessions as the library has them: whole, or summarised for a list without restoring them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cachetools import LRUCache

from core.library.base import Library
from core.library.records import StoredProgress
from core.sessions.base import SessionCopy, SessionSummary
from core.sessions.codec import read_head, read_hunt
from core.sessions.memory import kept_copy

DECODED_AT_ONCE = 20
"""Hunts that are decoded without a pause: a millisecond or two."""
MAX_SUMMARIES = 500


@dataclass(frozen=True, slots=True)
class FoundCopy:
    copy: SessionCopy
    changed_ms: int
    """When it was last written."""


async def read_copy(library: Library, session_id: str) -> FoundCopy | None:
    """Read a session; None if the library does not have it."""
    found = await library.read(session_id)
    if found is None:
        return None
    hunts = []
    for place, (state, reply) in enumerate(found.hunts, 1):
        hunts.append(read_hunt(state, reply))
        if place % DECODED_AT_ONCE == 0:
            await asyncio.sleep(0)
    return FoundCopy(SessionCopy(read_head(found.head), found.notebook, tuple(hunts)), found.changed_ms)


class StoredSummaries:
    """Summaries of sessions in the library. An unchanged session is read once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: LRUCache[str, tuple[StoredProgress, SessionSummary]] = LRUCache(MAX_SUMMARIES)

    async def read(self, session_id: str) -> SessionSummary | None:
        progress = (await self._library.progress([session_id])).get(session_id)
        if progress is None:
            return None
        known = self._known.get(session_id)
        if known is not None and known[0] == progress:
            return known[1]
        found = await read_copy(self._library, session_id)
        if found is None:
            return None
        summary = await _summary(found.copy)
        self._known[session_id] = (progress, summary)
        return summary


async def _summary(copy: SessionCopy) -> SessionSummary:
    kept = await kept_copy(copy)
    on_desk = tuple(kept.hunts[hunt_id] for hunt_id in copy.session.desk_ids if hunt_id in kept.hunts)
    return SessionSummary(session=copy.session, counts=kept.counts(), on_desk=on_desk)
