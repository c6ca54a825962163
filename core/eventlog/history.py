"""The newest events of one session in memory, with a wait for new ones."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice

from core.domain.events import Event, EventDraft
from core.eventlog.base import too_far_behind

MAX_BYTES = 16 * 1024 * 1024
"""Maximum data of one session's events, in addition to the maximum number: hunts with many criteria make large events.
The same value is in core/sessions/renew_and_publish.lua."""


class History:
    """The newest events of one session. `trimmed` is the id of the newest trimmed event."""

    def __init__(self, max_events: int, max_bytes: int = MAX_BYTES) -> None:
        """Keeps up to `max_events` events and `max_bytes` of data, and always the newest event."""
        self._max_bytes = max_bytes
        self._bytes = 0
        self._events: deque[tuple[tuple[int, int], Event]] = deque()
        self._max_events = max_events
        self._last = (0, 0)
        self._trimmed = (0, 0)
        self._waiter: asyncio.Future[None] | None = None
        self.ended = False

    def start_after(self, key: tuple[int, int]) -> None:
        """Drop everything up to `key` and continue ids after it. Does nothing if ids are past it already."""
        if key > self._last:
            self._last = self._trimmed = key
            self._events.clear()
            self._bytes = 0

    def all(self, after: tuple[int, int] = (0, 0)) -> tuple[Event, ...]:
        """All stored events after that id, even if earlier ones were trimmed."""
        return tuple(event for key, event in self._events if key > after)

    @property
    def last(self) -> tuple[int, int]:
        return self._last

    @property
    def trimmed(self) -> tuple[int, int]:
        """All events after this id are stored."""
        return self._trimmed

    @property
    def last_id(self) -> str:
        return f"{self._last[0]}-{self._last[1]}"

    def add(self, draft: EventDraft, milliseconds: int) -> Event:
        last_ms, sequence = self._last
        last = (milliseconds, 0) if milliseconds > last_ms else (last_ms, sequence + 1)
        event = Event(f"{last[0]}-{last[1]}", draft.type, draft.data)
        self.insert(last, event)
        return event

    def insert(self, key: tuple[int, int], event: Event) -> None:
        """Add an event that already has an id. A duplicate is ignored."""
        if key <= self._last:
            return
        self._last = key
        self._events.append((key, event))
        self._bytes += len(event.data)
        while len(self._events) > self._max_events or (self._bytes > self._max_bytes and len(self._events) > 1):
            self._trimmed, gone = self._events.popleft()
            self._bytes -= len(gone.data)

    def after(self, key: tuple[int, int], limit: int) -> tuple[Event, ...]:
        if key < self._trimmed:
            raise too_far_behind()
        if key >= self._last:
            return ()
        newer = 0
        for event_key, _ in reversed(self._events):  # watchers are usually near the end
            if event_key <= key:
                break
            newer += 1
        start = len(self._events) - newer
        return tuple(event for _, event in islice(self._events, start, start + limit))

    async def wait(self) -> None:
        """Wait for the next `wake`."""
        if self._waiter is None:
            self._waiter = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._waiter)

    def wake(self) -> None:
        if self._waiter is not None:
            self._waiter.set_result(None)
            self._waiter = None
