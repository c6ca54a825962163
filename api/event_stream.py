"""Server-sent events: a session's event log as a stream that ends with `reconnect`, never in the middle of an event."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing, suppress
from functools import lru_cache
from math import inf
from typing import Any, TypeVar

from core.domain.events import Event, EventType
from core.errors import NotFound
from core.eventlog.base import EventLog, TooFarBehind
from core.hunting.views.events import text_event
from core.livetext.base import LiveText, TextDelta

Item = TypeVar("Item")

RETRY_MS = 1000
"""Reconnection delay for browsers."""


def frame(event: Event) -> bytes:
    return f"id: {event.id}\nevent: {event.type}\ndata: {event.data}\n\n".encode()


async def event_stream(
    log: EventLog,
    session_id: str,
    after: str,
    *,
    draining: asyncio.Event,
    heartbeat_s: float,
    life_s: float = inf,
    texts: AsyncGenerator[bytes] | None = None,
    may_watch: Callable[[], Awaitable[bool]] | None = None,
) -> AsyncGenerator[bytes]:
    """Yields frames after `after` until the client disconnects, the session expires, the server drains or `life_s`
    elapses; between them the frames of `texts`.

    `may_watch` is asked whenever the session changed: the stream ends before the first event after access has ended.
    An idle stream sends `: alive` every `heartbeat_s`. A client too far behind gets `reset` and continues with new
    events.
    """
    yield f"retry: {RETRY_MS}\n\n".encode()
    stream_end = asyncio.create_task(_stream_end(draining, life_s), name="stream_end")
    watch = log.watch(session_id, after)
    batch = asyncio.create_task(_next(watch), name="watch")
    text = None if texts is None else asyncio.create_task(_next(texts), name="text")
    try:
        while not stream_end.done():
            pending: set[asyncio.Future[Any]] = {batch, stream_end} if text is None else {batch, text, stream_end}
            done, _ = await asyncio.wait(pending, timeout=heartbeat_s, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                yield b": alive\n\n"
            if texts is not None and text in done:
                yield text.result()
                text = asyncio.create_task(_next(texts), name="text")
            if batch not in done:
                continue
            try:
                if may_watch is not None and _may_change_access(batch.result()) and not await may_watch():
                    break
                yield b"".join(frame(event) for event in batch.result())
            except TooFarBehind:
                if may_watch is not None and not await may_watch():
                    break
                last = await log.last_id(session_id)
                watch = log.watch(session_id, last)
                yield f"id: {last}\nevent: reset\ndata: {{}}\n\n".encode()
            except NotFound:
                return
            batch = asyncio.create_task(_next(watch), name="watch")
        yield b"event: reconnect\ndata: {}\n\n"
    finally:
        await _end_tasks(stream_end, batch, text)
        await watch.aclose()
        if texts is not None:
            await texts.aclose()


def _may_change_access(events: Iterable[Event]) -> bool:
    return any(event.type == EventType.SESSION for event in events)


async def text_frames(live_text: LiveText, session_id: str, hunt_id: str) -> AsyncGenerator[bytes]:
    """Yields the hunt's text as frames without an ID, so that a reconnecting client continues after the last event."""
    async with aclosing(live_text.watch(session_id, hunt_id)) as deltas:
        async for delta in deltas:
            yield _text_frame(hunt_id, delta)


@lru_cache(maxsize=32)
def _text_frame(hunt_id: str, delta: TextDelta) -> bytes:
    """Cached, since most watchers of a hunt get the same deltas."""
    return b"event: hunt.text\ndata: " + text_event(hunt_id, delta) + b"\n\n"


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


async def _next(source: AsyncIterator[Item]) -> Item:
    return await anext(source)


async def _end_tasks(*tasks: asyncio.Task[Any] | None) -> None:
    running = {task for task in tasks if task is not None}
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    for task in running:
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it
