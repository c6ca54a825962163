"""The event log in Redis Streams: one stream per session, one reader per process for any number of watchers.

The reader reads all watched streams at once (XREAD BLOCK), decodes each event once and adds it to the session's feed.
A watcher reads from the feed, or from the stream while it is further behind than the feed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from core.clock import Clock
from core.domain.events import Event, EventDraft, id_key
from core.errors import RedisAway
from core.eventlog.base import START, EventLog, parse_event_id, session_ended, too_far_behind
from core.eventlog.history import History
from core.redis.client import BLOCK_MARGIN_S, RedisClients, read_script, with_deadline
from core.redis.keys import EVENT_DATA, EVENT_GAP, EVENT_TYPE, session_keys

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger(__name__)

HERE = Path(__file__).parent
BATCH = 500
"""Maximum events per batch and per read of one stream."""
MAX_FEED = 1000
"""Maximum decoded events in the feed of a watched session."""
MAX_FEED_BYTES = 4 * 1024 * 1024
"""Maximum data in a feed; watchers further behind read the stream."""
GATHER_S = 0.025
"""Pause between two reads, so that one read returns several events: a read costs as much as decoding some ten."""
INTERRUPT_AGAIN_S = 0.0025
RETRY_S = 0.25
"""Pause after a failed read."""
MAX_WAKES = 20
MAX_ID_PART = 2**63
"""Parts of client-supplied ids are capped at the Redis maximum; no event id reaches it."""


class RedisEventLog(EventLog):
    def __init__(
        self,
        clients: RedisClients,
        clock: Clock,
        *,
        ttl_s: float,
        max_events: int,
        block_s: float,
        timeout_s: float,
        on_fault: Callable[[RedisAway], None] = lambda _error: None,
        on_bug: Callable[[BaseException], None] = lambda _error: None,
    ) -> None:
        """`on_fault` is called for every failed read, `on_bug` for every unexpected exception.

        `start` starts the reader, `close` stops it.
        """
        self._clients = clients
        self._clock = clock
        self._life_ms = max(1, int(ttl_s * 1000))
        self._max_events = max_events
        self._block_s = block_s
        self._timeout_s = timeout_s
        self._on_fault = on_fault
        self._on_bug = on_bug
        scripts = {name: read_script(HERE, name) for name in ("append", "read", "merge")}
        self._scripts = {name: clients.commands.register_script(text) for name, text in scripts.items()}
        self._feeds: dict[str, _Feed] = {}
        self._feed_added = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._reader_id: int | None = None
        """Client id of the reader's connection while it blocks in Redis."""
        self._rounds = 0
        self._checked_at = clock.monotonic()

    def start(self) -> None:
        self._reader = asyncio.create_task(self._read_forever(), name="event-reader")

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Deliver new events to watchers until the block ends."""
        self.start()
        try:
            yield
        finally:
            await self.close()

    async def append(self, session_id: str, drafts: Sequence[EventDraft]) -> tuple[Event, ...]:
        pairs = [text for draft in drafts for text in (draft.type.value, draft.data)]
        ids = await self._run("append", session_id, self._life_ms, self._max_events, *pairs)
        return tuple(Event(i.decode(), draft.type, draft.data) for i, draft in zip(ids, drafts, strict=True))

    async def read(self, session_id: str, after: str, limit: int) -> tuple[Event, ...]:
        number = (min(part, MAX_ID_PART) for part in parse_event_id(after))
        answer = await self._run("read", session_id, *number, limit)
        if answer[0] == 0:
            raise too_far_behind()
        return tuple(_event(entry[0], dict(zip(entry[1][::2], entry[1][1::2], strict=True))) for entry in answer[1:])

    async def last_id(self, session_id: str) -> str:
        newest = await self._execute(lambda: self._clients.commands.xrevrange(session_keys(session_id).events, count=1))
        return newest[0][0].decode() if newest else START

    async def watch(self, session_id: str, after: str) -> AsyncGenerator[tuple[Event, ...], None]:
        key = parse_event_id(after)
        feed = await self._join(session_id)
        try:
            while not feed.ended:
                if key < feed.reaches_to:
                    events = await self.read(session_id, f"{key[0]}-{key[1]}", BATCH)
                    key = max(key, feed.reaches_to) if not events else key
                else:
                    events = feed.history.after(key, BATCH)
                if events:
                    key = id_key(events[-1].id)
                    yield events
                elif key >= feed.history.last:
                    await feed.history.wait()
            raise session_ended()
        finally:
            self._leave(session_id, feed)

    async def forget(self, session_id: str) -> None:
        await self._execute(lambda: self._clients.commands.unlink(session_keys(session_id).events))
        self.end(session_id)

    def end(self, session_id: str) -> None:
        """End the session's watchers."""
        if feed := self._feeds.pop(session_id, None):
            feed.ended = True
            feed.history.wake()

    def watchers(self) -> int:
        return sum(feed.watchers for feed in self._feeds.values())

    async def merge(
        self,
        session_id: str,
        *,
        known: str,
        events: Sequence[Event],
        reload: EventDraft,
        last_issued: str,
        life_s: float,
    ) -> tuple[bool, str]:
        """Add events published locally while Redis was down, after the id `known`.

        Returns whether they kept their ids, and the newest id in Redis. They keep their ids if no other process wrote
        in the meantime; otherwise all readers before this point must reload.
        """
        flat = [text for event in events for text in (event.id, event.type, event.data)]
        life_ms = max(1, int(life_s * 1000))
        rest = (known, reload.type.value, reload.data, last_issued, *flat)
        seamless, newest = await self._run("merge", session_id, life_ms, self._max_events, *rest)
        return bool(seamless), newest.decode()

    # -- the reader

    async def _join(self, session_id: str) -> _Feed:
        feed = self._feeds.get(session_id)
        if feed is None:
            last = await self.last_id(session_id)
            feed = self._feeds.setdefault(session_id, _Feed(last))
            self._feed_added.set()
        feed.watchers += 1
        try:
            await self._interrupt()
        except BaseException:  # cancelled before the watch started
            self._leave(session_id, feed)
            raise
        return feed

    def _leave(self, session_id: str, feed: _Feed) -> None:
        feed.watchers -= 1
        if not feed.watchers and self._feeds.get(session_id) is feed:
            del self._feeds[session_id]

    async def _interrupt(self) -> None:
        """Make the reader include a new stream now. If that fails, it does so after `block_s`."""
        rounds = self._rounds
        with suppress(RedisAway):
            for _ in range(MAX_WAKES):
                if self._reader_id is None or self._rounds != rounds:
                    return
                await self._execute(partial(self._clients.commands.client_unblock, self._reader_id))
                await asyncio.sleep(INTERRUPT_AGAIN_S)

    async def _read_forever(self) -> None:
        """Read until cancelled. Retries after a pause while Redis is down."""
        while True:
            try:
                await self._read_rounds()
            except RedisAway as error:
                self._on_fault(error)
            except Exception as error:  # without a reader, no watcher of this process would receive events again
                log.exception("event_reader.failed")
                self._on_bug(error)
            finally:
                self._reader_id = None
            await asyncio.sleep(RETRY_S)

    async def _read_rounds(self) -> None:
        """Read on a single connection, so that `_interrupt` can unblock it."""
        connection = self._clients.blocking.client()
        try:
            number = int(await self._execute(connection.client_id))
            while True:
                if not self._feeds:
                    self._feed_added.clear()
                    await self._feed_added.wait()
                await self._read_once(connection, number)
                await self._end_expired()
                await asyncio.sleep(GATHER_S)
        finally:
            await connection.aclose()

    async def _read_once(self, connection: Redis, number: int) -> None:
        by_key = {session_keys(sid).events.encode(): feed for sid, feed in self._feeds.items()}
        positions: dict[Any, Any] = {key: feed.history.last_id for key, feed in by_key.items()}
        self._rounds += 1
        self._reader_id = number
        answer: Any = None
        async with with_deadline(self._block_s + BLOCK_MARGIN_S):
            answer = await connection.xread(positions, count=BATCH, block=max(1, int(self._block_s * 1000)))
        self._reader_id = None
        for key, entries in answer or ():
            if len(entries) >= min(BATCH, self._max_events):
                await self._mark_trimmed(key, by_key[key])
            by_key[key].add_entries(entries)

    async def _mark_trimmed(self, key: bytes, feed: _Feed) -> None:
        """Detect trimming: a reader this far behind may have missed trimmed events, and XREAD does not report that."""
        oldest = await self._execute(lambda: self._clients.commands.xrange(key, count=1))
        if oldest:
            feed.history.start_after(id_key(oldest[0][0].decode()))

    async def _end_expired(self) -> None:
        """End the feeds of deleted and expired sessions. XREAD does not report them, so check every `block_s`."""
        if self._clock.monotonic() - self._checked_at < self._block_s:
            return
        self._checked_at = self._clock.monotonic()
        watched = list(self._feeds)
        pipeline = self._clients.commands.pipeline(transaction=False)
        for session_id in watched:
            keys = session_keys(session_id)
            pipeline.exists(keys.head, keys.events)
        for session_id, there in zip(watched, await self._execute(pipeline.execute), strict=True):
            if not there:
                self.end(session_id)

    async def _run(self, script: str, session_id: str, *arguments: Any) -> Any:
        return await self._execute(
            lambda: self._scripts[script](keys=(session_keys(session_id).events,), args=arguments)
        )

    async def _execute(self, command: Callable[[], Awaitable[Any]]) -> Any:
        async with with_deadline(self._timeout_s):
            return await command()


class _Feed:
    """The events of one session, passed from the reader to its watchers."""

    def __init__(self, last_id: str) -> None:
        self.history = History(MAX_FEED, MAX_FEED_BYTES)
        self.history.start_after(id_key(last_id))
        self.watchers = 0
        self.ended = False

    @property
    def reaches_to(self) -> tuple[int, int]:
        """All events after this id are in the feed."""
        return self.history.trimmed

    def add_entries(self, entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> None:
        for number, fields in entries:
            event = _event(number, fields)
            if EVENT_GAP in fields:  # earlier events are lost, perhaps unread: their watchers get TooFarBehind
                self.history.start_after(id_key(event.id))
            self.history.insert(id_key(event.id), event)
        self.history.wake()


def _event(number: bytes, fields: dict[bytes, bytes]) -> Event:
    return Event(number.decode(), fields[EVENT_TYPE].decode(), fields[EVENT_DATA].decode())
