"""Reads a whole session from Redis, without renewing it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from core.redis.keys import session_keys
from core.sessions.base import SessionCopy, no_session
from core.sessions.codec import read_head, read_hunt

if TYPE_CHECKING:
    from redis.asyncio import Redis

DECODED_AT_ONCE = 20
"""Hunts that are decoded without a pause: a millisecond or two."""


async def read_copy(
    redis: Redis, execute: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]], session_id: str
) -> SessionCopy:
    """`execute` runs a command within the store's deadline. Raises NotFound."""
    keys = session_keys(session_id)
    pipeline = redis.pipeline(transaction=True)
    pipeline.hget(keys.head, "j")
    pipeline.get(keys.notebook)
    pipeline.hgetall(keys.hunts)
    pipeline.hgetall(keys.replies)
    head, notebook, states, replies = await execute(pipeline.execute)
    if head is None:
        raise no_session()
    hunts = []
    for place, (hunt_id, state) in enumerate(states.items(), 1):
        hunts.append(read_hunt(state, replies.get(hunt_id, b"")))
        if place % DECODED_AT_ONCE == 0:
            await asyncio.sleep(0)
    return SessionCopy(read_head(head), notebook or b"", tuple(hunts))
