"""The event log of one process: a bounded history per session, watchers woken by every append."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from itertools import islice

from core.clock import Clock
from core.domain.events import Event, EventDraft, id_key
from core.errors import NotFound
from core.eventlog.base import START, EventLog, TooFarBehind, parsed_event_id

BATCH = 500
"""Most events handed to a watcher at once."""


class MemoryEventLog(EventLog):
    def __init__(self, clock: Clock, events_most: int) -> None:
        self._clock = clock
        self._most = events_most
        self._histories: dict[str, _History] = {}
        self._watchers = 0

    async def append(self, session_id: str, drafts: Sequence[EventDraft]) -> tuple[Event, ...]:
        return self.append_now(session_id, drafts)

    def append_now(self, session_id: str, drafts: Sequence[EventDraft]) -> tuple[Event, ...]:
        """The same without a pause, so that a store can write a result and its events in one step."""
        history = self._history(session_id)
        milliseconds = int(self._clock.now().timestamp() * 1000)
        events = tuple(history.add(draft, milliseconds) for draft in drafts)
        history.wake()
        return events

    async def read(self, session_id: str, after: str, limit: int) -> tuple[Event, ...]:
        return self._history(session_id).after(parsed_event_id(after), limit)

    async def last_id(self, session_id: str) -> str:
        history = self._histories.get(session_id)
        return START if history is None else history.last_id

    async def watch(self, session_id: str, after: str) -> AsyncGenerator[tuple[Event, ...], None]:
        key = parsed_event_id(after)
        history = self._history(session_id)
        self._watchers += 1
        try:
            while not history.ended:
                events = history.after(key, BATCH)
                if events:
                    key = id_key(events[-1].id)
                    yield events
                else:
                    await history.news()
            raise NotFound("This session has ended.", hint="Load the notebook again.", code="no_session")
        finally:
            self._watchers -= 1

    async def forget(self, session_id: str) -> None:
        self.forget_now(session_id)

    def forget_now(self, session_id: str) -> None:
        if history := self._histories.pop(session_id, None):
            history.ended = True
            history.wake()

    def watchers(self) -> int:
        return self._watchers

    def _history(self, session_id: str) -> _History:
        history = self._histories.get(session_id)
        if history is None:
            history = self._histories[session_id] = _History(self._most)
        return history


class _History:
    """The newest events of one session. `trimmed` is the id of the newest that is gone."""

    def __init__(self, most: int) -> None:
        self._events: deque[tuple[tuple[int, int], Event]] = deque()
        self._most = most
        self._last = (0, 0)
        self._trimmed = (0, 0)
        self._news: asyncio.Future[None] | None = None
        self.ended = False

    @property
    def last_id(self) -> str:
        return f"{self._last[0]}-{self._last[1]}"

    def add(self, draft: EventDraft, milliseconds: int) -> Event:
        last_ms, sequence = self._last
        self._last = (milliseconds, 0) if milliseconds > last_ms else (last_ms, sequence + 1)
        event = Event(self.last_id, draft.type, draft.data)
        self._events.append((self._last, event))
        if len(self._events) > self._most:
            self._trimmed = self._events.popleft()[0]
        return event

    def after(self, key: tuple[int, int], limit: int) -> tuple[Event, ...]:
        if key < self._trimmed:
            raise TooFarBehind(
                "Events before this point are no longer kept.", hint="Load the session's snapshot again."
            )
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
