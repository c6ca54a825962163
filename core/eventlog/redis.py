"""The event log in Redis Streams: one stream per session, one reader per process however many watch.

The reader asks for all watched streams at once (XREAD BLOCK) and hands each event, decoded once, to the feed of its
session. A watcher takes from the feed, or reads the stream itself as long as it is further back than the feed reaches.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from redis.asyncio import Redis

from core.clock import Clock
from core.domain.events import Event, EventDraft, id_key
from core.errors import RedisAway
from core.eventlog.base import START, EventLog, parsed_event_id, session_ended, too_far_behind
from core.eventlog.history import History
from core.redis.client import RedisClients, map_redis_errors, read_script, with_deadline
from core.redis.keys import EVENT_DATA, EVENT_GAP, EVENT_TYPE, session_keys

log = structlog.get_logger(__name__)

HERE = Path(__file__).parent
BATCH = 500
"""Most events handed to a watcher, or asked for in one stream, at once."""
MAX_FEED = 1000
"""Newest events of a watched session that are kept decoded in this process."""
FEED_BYTES = 4 * 1024 * 1024
"""Most data of those events; who is further behind reads the stream."""
GATHER_S = 0.005
"""Pause between two reads, in which events gather: one read then brings many."""
RETRY_S = 0.25
"""Pause after a read that failed."""
MAX_WAKES = 20
GREATEST = 2**63
"""Parts of ids from outside are cut down to what Redis takes; no event is ever so late."""


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
        """`on_fault` hears of every read that fails, `on_bug` of a failure that nobody expected.

        `start` begins the reader, `close` ends it.
        """
        self._clients = clients
        self._clock = clock
        self._life_ms = max(1, int(ttl_s * 1000))
        self._most = max_events
        self._block_s = block_s
        self._timeout_s = timeout_s
        self._on_fault = on_fault
        self._on_bug = on_bug
        scripts = {name: read_script(HERE, name) for name in ("append", "read", "merge")}
        self._scripts = {name: clients.commands.register_script(text) for name, text in scripts.items()}
        self._feeds: dict[str, _Feed] = {}
        self._wanted = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._reader_id: int | None = None
        """The reader's connection, while it waits in Redis."""
        self._rounds = 0
        self._looked_at = clock.monotonic()

    def start(self) -> None:
        self._reader = asyncio.create_task(self._read_on(), name="event-reader")

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])

    async def append(self, session_id: str, drafts: Sequence[EventDraft]) -> tuple[Event, ...]:
        pairs = [text for draft in drafts for text in (draft.type.value, draft.data)]
        ids = await self._run("append", session_id, self._life_ms, self._most, *pairs)
        return tuple(Event(i.decode(), draft.type, draft.data) for i, draft in zip(ids, drafts, strict=True))

    async def read(self, session_id: str, after: str, limit: int) -> tuple[Event, ...]:
        number = (min(part, GREATEST) for part in parsed_event_id(after))
        answer = await self._run("read", session_id, *number, limit)
        if answer[0] == 0:
            raise too_far_behind()
        return tuple(_event(entry[0], dict(zip(entry[1][::2], entry[1][1::2], strict=True))) for entry in answer[1:])

    async def last_id(self, session_id: str) -> str:
        newest = await self._ask(lambda: self._clients.commands.xrevrange(session_keys(session_id).events, count=1))
        return newest[0][0].decode() if newest else START

    async def watch(self, session_id: str, after: str) -> AsyncGenerator[tuple[Event, ...], None]:
        key = parsed_event_id(after)
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
                    await feed.history.news()
            raise session_ended()
        finally:
            self._leave(session_id, feed)

    async def forget(self, session_id: str) -> None:
        await self._ask(lambda: self._clients.commands.unlink(session_keys(session_id).events))
        self.end(session_id)

    def end(self, session_id: str) -> None:
        """The session has ended: its watchers are told."""
        if feed := self._feeds.pop(session_id, None):
            feed.ended = True
            feed.history.wake()

    def watchers(self) -> int:
        return sum(feed.watchers for feed in self._feeds.values())

    async def merge(
        self, session_id: str, *, known: str, events: Sequence[Event], reload: EventDraft, given_out: str, life_s: float
    ) -> tuple[bool, str]:
        """Take over events made while Redis was away, after the id `known`. Whether they kept their ids, and the
        newest id in Redis by then.

        They keep them if nobody else wrote meanwhile; else whoever is before this point is told to reload.
        """
        flat = [text for event in events for text in (event.id, event.type, event.data)]
        life_ms = max(1, int(life_s * 1000))
        rest = (known, reload.type.value, reload.data, given_out, *flat)
        seamless, newest = await self._run("merge", session_id, life_ms, self._most, *rest)
        return bool(seamless), newest.decode()

    # -- the reader

    async def _join(self, session_id: str) -> _Feed:
        feed = self._feeds.get(session_id)
        if feed is None:
            last = await self.last_id(session_id)
            feed = self._feeds.setdefault(session_id, _Feed(last))
            self._wanted.set()
        feed.watchers += 1
        try:
            await self._interrupt()
        except BaseException:  # who watched is gone before it began
            self._leave(session_id, feed)
            raise
        return feed

    def _leave(self, session_id: str, feed: _Feed) -> None:
        feed.watchers -= 1
        if not feed.watchers and self._feeds.get(session_id) is feed:
            del self._feeds[session_id]

    async def _interrupt(self) -> None:
        """Have the reader take up a new stream now. If that fails it does so by itself after `block_s`."""
        rounds = self._rounds
        with suppress(RedisAway):
            for _ in range(MAX_WAKES):
                if self._reader_id is None or self._rounds != rounds:
                    return
                await self._ask(partial(self._clients.commands.client_unblock, self._reader_id))
                await asyncio.sleep(GATHER_S / 2)

    async def _read_on(self) -> None:
        """Read until cancelled. A Redis that is away is asked again after a pause."""
        while True:
            try:
                await self._read_rounds()
            except RedisAway as error:
                self._on_fault(error)
            except Exception as error:  # a reader that ends would leave every watcher of this process deaf for ever
                log.exception("reading events failed in a way nobody expected")
                self._on_bug(error)
            finally:
                self._reader_id = None
            await asyncio.sleep(RETRY_S)

    async def _read_rounds(self) -> None:
        """On one connection, so that `_interrupt` can name it."""
        connection = self._clients.blocking.client()
        try:
            number = int(await _told(connection.client_id()))
            while True:
                if not self._feeds:
                    self._wanted.clear()
                    await self._wanted.wait()
                await self._read_once(connection, number)
                await self._end_those_that_are_gone()
                await asyncio.sleep(GATHER_S)
        finally:
            await connection.aclose()

    async def _read_once(self, connection: Redis, number: int) -> None:
        by_key = {session_keys(sid).events.encode(): feed for sid, feed in self._feeds.items()}
        positions: dict[Any, Any] = {key: feed.history.last_id for key, feed in by_key.items()}
        self._rounds += 1
        self._reader_id = number
        answer = await _told(connection.xread(positions, count=BATCH, block=max(1, int(self._block_s * 1000))))
        self._reader_id = None
        for key, entries in answer or ():
            if len(entries) >= min(BATCH, self._most):
                await self._note_what_is_gone(key, by_key[key])
            by_key[key].take(entries)

    async def _note_what_is_gone(self, key: bytes, feed: _Feed) -> None:
        """So far behind, the reader may have been overtaken by the trimming of a stream, which says nothing of it."""
        oldest = await self._ask(lambda: self._clients.commands.xrange(key, count=1))
        if oldest:
            feed.history.begin_at(id_key(oldest[0][0].decode()))

    async def _end_those_that_are_gone(self) -> None:
        """A deleted or expired stream says nothing by itself: look for the watched sessions every `block_s`."""
        if self._clock.monotonic() - self._looked_at < self._block_s:
            return
        self._looked_at = self._clock.monotonic()
        watched = list(self._feeds)
        pipeline = self._clients.commands.pipeline(transaction=False)
        for session_id in watched:
            keys = session_keys(session_id)
            pipeline.exists(keys.head, keys.events)
        for session_id, there in zip(watched, await self._ask(pipeline.execute), strict=True):
            if not there:
                self.end(session_id)

    async def _run(self, script: str, session_id: str, *arguments: Any) -> Any:
        return await self._ask(lambda: self._scripts[script](keys=(session_keys(session_id).events,), args=arguments))

    async def _ask(self, question: Callable[[], Awaitable[Any]]) -> Any:
        async with with_deadline(self._timeout_s):
            return await question()


class _Feed:
    """What the reader hands to those who watch one session."""

    def __init__(self, last_id: str) -> None:
        self.history = History(MAX_FEED, FEED_BYTES)
        self.history.begin_at(id_key(last_id))
        self.watchers = 0
        self.ended = False

    @property
    def reaches_to(self) -> tuple[int, int]:
        """All events after this id are in the feed."""
        return self.history.trimmed

    def take(self, entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> None:
        for number, fields in entries:
            event = _event(number, fields)
            if EVENT_GAP in fields:  # events before it are gone, perhaps unread: whoever is there reads, and is told so
                self.history.begin_at(id_key(event.id))
            self.history.take(id_key(event.id), event)
        self.history.wake()


async def _told(question: Awaitable[Any]) -> Any:
    with map_redis_errors():
        return await question


def _event(number: bytes, fields: dict[bytes, bytes]) -> Event:
    return Event(number.decode(), fields[EVENT_TYPE].decode(), fields[EVENT_DATA].decode())
