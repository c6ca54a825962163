"""The event log of one process: a bounded history per session, watchers woken by every append."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from core.clock import Clock
from core.domain.events import Event, EventDraft, id_key
from core.eventlog.base import START, EventLog, parsed_event_id, session_ended
from core.eventlog.history import History

BATCH = 500
"""Most events handed to a watcher at once."""


class MemoryEventLog(EventLog):
    def __init__(self, clock: Clock, max_events: int) -> None:
        self._clock = clock
        self._most = max_events
        self._histories: dict[str, History] = {}
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
        return self.newest(session_id)

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
            raise session_ended()
        finally:
            self._watchers -= 1

    async def forget(self, session_id: str) -> None:
        self.forget_now(session_id)

    def forget_now(self, session_id: str) -> None:
        if history := self._histories.pop(session_id, None):
            history.ended = True
            history.wake()

    def begin_at(self, session_id: str, last_id: str) -> None:
        """Go on after `last_id`, which was given out elsewhere: readers behind it are too far behind here."""
        self._history(session_id).begin_at(id_key(last_id))

    def let_go(self, session_id: str) -> None:
        """Forget a session without ending its watchers, who are led elsewhere."""
        self._histories.pop(session_id, None)

    def newest(self, session_id: str) -> str:
        """The newest id that was given out, START when there is none."""
        history = self._histories.get(session_id)
        return START if history is None else history.last_id

    def kept(self, session_id: str, after: str) -> tuple[Event, ...]:
        """All events after that id that are here, also when earlier ones are gone."""
        history = self._histories.get(session_id)
        return () if history is None else history.all(id_key(after))

    def watchers(self) -> int:
        return self._watchers

    def _history(self, session_id: str) -> History:
        history = self._histories.get(session_id)
        if history is None:
            history = self._histories[session_id] = History(self._most)
        return history
