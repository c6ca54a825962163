"""The interface of the event log."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence

from core.domain.events import Event, EventDraft, id_key
from core.errors import BadInput, Conflict, NotFound

START = "0-0"


class TooFarBehind(Conflict):
    """Events after the requested id were trimmed: fetch the snapshot again."""

    code = "too_far_behind"


def too_far_behind() -> TooFarBehind:
    return TooFarBehind("Events after this id are no longer stored.", hint="Fetch the session's snapshot again.")


def session_ended() -> NotFound:
    return NotFound(
        "Session not found. It may have been deleted or have expired.",
        hint="Load your latest export, or the notebook, again.",
        code="no_session",
    )


def parse_event_id(text: str) -> tuple[int, int]:
    """Parse an event id from a client into two numbers. Raises BadInput."""
    try:
        return id_key(text)
    except ValueError:
        raise BadInput(
            f'"{text[:40]}" is not an event id.', hint="Use the id of an event, or last_event_id of the snapshot."
        ) from None


class EventLog(ABC):
    """Stores the newest `max_events` events of each session. Ids only grow."""

    @abstractmethod
    async def append(self, session_id: str, drafts: Sequence[EventDraft]) -> tuple[Event, ...]:
        """Append in order and wake the watchers."""

    @abstractmethod
    async def read(self, session_id: str, after: str, limit: int) -> tuple[Event, ...]:
        """Return up to `limit` events after that id, oldest first.

        Raises TooFarBehind, or BadInput for a malformed id.
        """

    @abstractmethod
    async def last_id(self, session_id: str) -> str:
        """Return the newest event's id, START if there is none. Read it BEFORE the snapshot that it belongs to."""

    @abstractmethod
    def watch(self, session_id: str, after: str) -> AsyncGenerator[tuple[Event, ...], None]:
        """Yield batches of events after that id, forever, each event once and in order. Raises like `read`."""

    @abstractmethod
    async def forget(self, session_id: str) -> None:
        """Remove a session's events."""

    @abstractmethod
    def watchers(self) -> int:
        """Return the number of current watchers."""
