"""Compares the sessions in Redis with the library, and records what the library lacks.

A process that was killed took its marks along; what they marked is in Redis.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from core.domain.hunt import REPLY_PROGRESS
from core.errors import NotFound
from core.library.base import Library
from core.library.records import StoredProgress
from core.sessions.codec import StoredUnreadable
from core.sessions.outbox import Outbox
from core.sessions.redis import RedisSessionStore

AT_ONCE = 20
PAUSE_S = 0.1
"""Between two groups: 5000 sessions take half a minute, and nobody waits for it."""


async def reconcile(redis: RedisSessionStore, library: Library, outbox: Outbox) -> int:
    """Return how many sessions are recorded. Raises RedisAway, LibraryAway."""
    ids, recorded = await redis.ids(), 0
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        stored = await library.progress(some)
        for session_id in some:
            live = await redis.progress(session_id)
            if live is not None and is_behind(stored.get(session_id), *live):
                recorded += await _record(redis, outbox, session_id)
        await asyncio.sleep(PAUSE_S)
    return recorded


def is_behind(stored: StoredProgress | None, version: int, hunts: Mapping[str, int]) -> bool:
    """Whether the library lacks something of a live session: a hunt without a reply is not stored."""
    if stored is None or stored.version < version:
        return True
    worth = {hunt_id: far for hunt_id, far in hunts.items() if far >= REPLY_PROGRESS}
    return any(stored.hunts.get(hunt_id, -1) < far for hunt_id, far in worth.items())


async def _record(redis: RedisSessionStore, outbox: Outbox, session_id: str) -> bool:
    try:
        outbox.record_copy(await redis.copy(session_id))
    except (NotFound, StoredUnreadable):  # it expired meanwhile, or the release that wrote it records it
        return False
    return True
