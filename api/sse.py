"""Server-sent events: a session's event log as a stream that ends with `reconnect`, never in the middle of an event."""

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
"""Reconnection delay for browsers."""


def frame(event: Event) -> bytes:
    return f"id: {event.id}\nevent: {event.type}\ndata: {event.data}\n\n".encode()


async def event_stream(
    log: EventLog, session_id: str, after: str, *, draining: asyncio.Event, heartbeat_s: float, life_s: float = inf
) -> AsyncGenerator[bytes]:
    """Yields frames after `after` until the client disconnects, the session expires, the server drains or `life_s`
    elapses.

    An idle stream sends `: alive` every `heartbeat_s`. A client too far behind gets `reset` and continues with new
    events.
    """
    yield f"retry: {RETRY_MS}\n\n".encode()
    stream_end = asyncio.create_task(_stream_end(draining, life_s), name="stream_end")
    watch = log.watch(session_id, after)
    batch = asyncio.create_task(_next(watch), name="watch")
    try:
        while not stream_end.done():
            await asyncio.wait({batch, stream_end}, timeout=heartbeat_s, return_when=asyncio.FIRST_COMPLETED)
            if not batch.done():
                if not stream_end.done():
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
        for task in (stream_end, batch):
            task.cancel()
        await asyncio.wait({stream_end, batch})
        if not batch.cancelled():
            batch.exception()  # retrieved, so that asyncio does not log it
        await watch.aclose()


async def counted(stream: AsyncGenerator[bytes], open_now: Counter[str], name: str) -> AsyncIterator[bytes]:
    """The same stream, counted in `open_now` under `name` while it is open."""
    open_now[name] += 1
    try:
        async with aclosing(stream):
            async for piece in stream:
                yield piece
    finally:
        open_now[name] -= 1
        if not open_now[name]:
            del open_now[name]


async def _stream_end(draining: asyncio.Event, life_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(life_s):
            await draining.wait()


async def _next(watch: AsyncIterator[tuple[Event, ...]]) -> tuple[Event, ...]:
    return await anext(watch)
