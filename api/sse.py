"""Server-sent events: a session's event log as a stream that ends with a farewell, never in the middle of an event."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from math import inf

from core.domain.events import Event
from core.errors import NotFound
from core.eventlog.base import EventLog, TooFarBehind

RETRY_MS = 1000
"""How long a browser waits before it connects again."""


def frame(event: Event) -> bytes:
    return f"id: {event.id}\nevent: {event.type}\ndata: {event.data}\n\n".encode()


async def event_stream(
    log: EventLog, session_id: str, after: str, *, draining: asyncio.Event, heartbeat_s: float, life_s: float = inf
) -> AsyncGenerator[bytes]:
    """Frames from `after` on, until the reader leaves, the session ends, the server drains or `life_s` is over.

    A quiet stream says `: alive` every `heartbeat_s`. A reader too far behind gets `reset` and goes on from now.
    """
    yield f"retry: {RETRY_MS}\n\n".encode()
    farewell = asyncio.create_task(_farewell(draining, life_s), name="farewell")
    watch = log.watch(session_id, after)
    batch = asyncio.create_task(_next(watch), name="watch")
    try:
        while not farewell.done():
            await asyncio.wait({batch, farewell}, timeout=heartbeat_s, return_when=asyncio.FIRST_COMPLETED)
            if not batch.done():
                if not farewell.done():
                    yield b": alive\n\n"
                continue
            try:
                yield b"".join(frame(event) for event in batch.result())
            except TooFarBehind:
                last = await log.last_id(session_id)
                watch = log.watch(session_id, last)
                yield f"id: {last}\nevent: reset\ndata: {{}}\n\n".encode()
            except NotFound:
                return
            batch = asyncio.create_task(_next(watch), name="watch")
        yield b"event: reconnect\ndata: {}\n\n"
    finally:
        for task in (farewell, batch):
            task.cancel()
        await asyncio.wait({farewell, batch})
        if not batch.cancelled():
            batch.exception()  # whatever it was: nobody waits for it any more
        await watch.aclose()


async def counted(stream: AsyncGenerator[bytes], open_now: Counter[str], name: str) -> AsyncIterator[bytes]:
    """The same stream, counted under that name from its first frame to its end."""
    open_now[name] += 1
    try:
        async with aclosing(stream):
            async for piece in stream:
                yield piece
    finally:
        open_now[name] -= 1
        if not open_now[name]:
            del open_now[name]


async def _farewell(draining: asyncio.Event, life_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(life_s):
            await draining.wait()


async def _next(watch: AsyncIterator[tuple[Event, ...]]) -> tuple[Event, ...]:
    return await anext(watch)
