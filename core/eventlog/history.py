"""The newest events of one session in memory, and how readers wait for more."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice

from core.domain.events import Event, EventDraft
from core.eventlog.base import too_far_behind

MAX_BYTES = 16 * 1024 * 1024
"""Of one session's events, besides their number: hunts with many criteria make long ones. As in
core/sessions/common.lua."""


class History:
    """The newest events of one session. `trimmed` is the id of the newest that is gone."""

    def __init__(self, most: int, max_bytes: int = MAX_BYTES) -> None:
        """Keeps at most `most` events and `max_bytes` of data; the newest one whatever its size."""
        self._max_bytes = max_bytes
        self._bytes = 0
        self._events: deque[tuple[tuple[int, int], Event]] = deque()
        self._most = most
        self._last = (0, 0)
        self._trimmed = (0, 0)
        self._news: asyncio.Future[None] | None = None
        self.ended = False

    def begin_at(self, key: tuple[int, int]) -> None:
        """Nothing up to `key` is here, and ids go on from there. Does nothing when they are beyond it already."""
        if key > self._last:
            self._last = self._trimmed = key
            self._events.clear()
            self._bytes = 0

    def all(self, after: tuple[int, int] = (0, 0)) -> tuple[Event, ...]:
        """What is here after that id, whatever is gone."""
        return tuple(event for key, event in self._events if key > after)

    @property
    def last(self) -> tuple[int, int]:
        return self._last

    @property
    def trimmed(self) -> tuple[int, int]:
        """All events after this id are here."""
        return self._trimmed

    @property
    def last_id(self) -> str:
        return f"{self._last[0]}-{self._last[1]}"

    def add(self, draft: EventDraft, milliseconds: int) -> Event:
        last_ms, sequence = self._last
        last = (milliseconds, 0) if milliseconds > last_ms else (last_ms, sequence + 1)
        event = Event(f"{last[0]}-{last[1]}", draft.type, draft.data)
        self.take(last, event)
        return event

    def take(self, key: tuple[int, int], event: Event) -> None:
        """Add an event that has its id already; one that is here is passed over."""
        if key <= self._last:
            return
        self._last = key
        self._events.append((key, event))
        self._bytes += len(event.data)
        while len(self._events) > self._most or (self._bytes > self._max_bytes and len(self._events) > 1):
            self._trimmed, gone = self._events.popleft()
            self._bytes -= len(gone.data)

    def after(self, key: tuple[int, int], limit: int) -> tuple[Event, ...]:
        if key < self._trimmed:
            raise too_far_behind()
        if key >= self._last:
            return ()
        newer = 0
        for event_key, _ in reversed(self._events):  # watchers are near the end: walk from there
            if event_key <= key:
                break
            newer += 1
        start = len(self._events) - newer
        return tuple(event for _, event in islice(self._events, start, start + limit))

    async def news(self) -> None:
        """Wait for the next `wake`."""
        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._news)

    def wake(self) -> None:
        if self._news is not None:
            self._news.set_result(None)
            self._news = None
