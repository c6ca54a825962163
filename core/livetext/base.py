"""The interface of live text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from core.domain.chat import Reply

INTERVAL_S = 0.1
"""Shortest time between two deltas of a hunt."""
MAX_DELTA_CHARS = 16_000
"""Longest delta. A longer text so far is sent in several."""
MAX_TEXT_CHARS = 100_000
"""Longest reply, and longest reasoning, that is shown while it grows. The rest follows with the finished hunt."""
MAX_DELTAS_PER_S = 250
"""Deltas of one process in a second, over all watchers: 0.1 ms of CPU each. More than 25 watchers get fewer, longer
ones."""


class GrowingReply(Protocol):
    """A call in flight: `core.providers.base.PartialReply`."""

    @property
    def progress(self) -> int: ...

    def read(self) -> Reply: ...


@dataclass(frozen=True, slots=True)
class TextDelta:
    """What a watcher appends to the text that it has."""

    restart: bool
    """Drop the text so far first: the first delta, a new attempt, or text that turned out to be reasoning."""
    response: str
    reasoning: str
    truncated: bool
    """The text has grown beyond MAX_TEXT_CHARS: no more of it follows until the hunt is finished."""


class LiveText(ABC):
    """The text of calls in flight, for those who watch. Never raises because of Redis: text then stops, and restarts
    when Redis is back."""

    @abstractmethod
    def begin(self, session_id: str, hunt_id: str, reply: GrowingReply) -> None:
        """A call of the hunt starts in this process; an earlier call of it has ended."""

    @abstractmethod
    def end(self, session_id: str, hunt_id: str) -> None:
        """The hunt's last call has ended. Does nothing if none has begun."""

    @abstractmethod
    def watch(self, session_id: str, hunt_id: str) -> AsyncGenerator[TextDelta, None]:
        """Yield what has come so far, then deltas, forever and across calls; nothing while no call is in flight.

        A watcher that reads slowly gets fewer, longer deltas.
        """

    @abstractmethod
    def watchers(self) -> int:
        """Return the number of current watchers in this process."""
