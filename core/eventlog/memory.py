"""The in-memory event log: a bounded history per session. Every append wakes the watchers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from core.clock import Clock
from core.domain.events import Event, EventDraft, id_key
from core.eventlog.base import START, EventLog, parse_event_id, session_ended
from core.eventlog.history import History

BATCH = 500
"""Maximum events per batch."""


class MemoryEventLog(EventLog):
    def __init__(self, clock: Clock, max_events: int) -> None:
        self._clock = clock
        self._max_events = max_events
        self._histories: dict[str, History] = {}
        self._watchers = 0

    async def append(self, session_id: str, drafts: Sequence[EventDraft]) -> tuple[Event, ...]:
        return self.append_now(session_id, drafts)

    def append_now(self, session_id: str, drafts: Sequence[EventDraft]) -> tuple[Event, ...]:
        """Append without awaiting, so that a store can write a result and its events atomically."""
        history = self._history(session_id)
        milliseconds = int(self._clock.now().timestamp() * 1000)
        events = tuple(history.add(draft, milliseconds) for draft in drafts)
        history.wake()
        return events

    async def read(self, session_id: str, after: str, limit: int) -> tuple[Event, ...]:
        return self._history(session_id).after(parse_event_id(after), limit)

    async def last_id(self, session_id: str) -> str:
        return self.newest(session_id)

    async def watch(self, session_id: str, after: str) -> AsyncGenerator[tuple[Event, ...], None]:
        key = parse_event_id(after)
        history = self._history(session_id)
        self._watchers += 1
        try:
            while not history.ended:
                events = history.after(key, BATCH)
                if events:
                    key = id_key(events[-1].id)
                    yield events
                else:
                    await history.wait()
            raise session_ended()
        finally:
            self._watchers -= 1

    async def forget(self, session_id: str) -> None:
        self.forget_now(session_id)

    def forget_now(self, session_id: str) -> None:
        if history := self._histories.pop(session_id, None):
            history.ended = True
            history.wake()

    def start_after(self, session_id: str, last_id: str) -> None:
        """Continue ids after `last_id`, which another log issued. Readers before it are too far behind here."""
        self._history(session_id).start_after(id_key(last_id))

    def discard(self, session_id: str) -> None:
        """Remove a session's events without ending its watchers, which switch to another log."""
        self._histories.pop(session_id, None)

    def newest(self, session_id: str) -> str:
        """The newest issued id, START if there is none."""
        history = self._histories.get(session_id)
        return START if history is None else history.last_id

    def stored(self, session_id: str, after: str) -> tuple[Event, ...]:
        """All stored events after that id, even if earlier ones were trimmed."""
        history = self._histories.get(session_id)
        return () if history is None else history.all(id_key(after))

    def watchers(self) -> int:
        return self._watchers

    def _history(self, session_id: str) -> History:
        history = self._histories.get(session_id)
        if history is None:
            history = self._histories[session_id] = History(self._max_events)
        return history
