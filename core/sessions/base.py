"""The session store's promise. Head, hunts and notebook are separate: adding a hunt never rewrites a session."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from core.domain.events import EventDraft
from core.domain.hunt import Hunt
from core.domain.run import Counts
from core.domain.session import Session
from core.domain.value import Value

Change = Callable[[Session], Session]
Announce = Callable[[Session], Sequence[EventDraft]]


def nothing(_session: Session) -> Sequence[EventDraft]:
    """Announce nothing."""
    return ()


class HuntPage(Value):
    """Hunts by number. `next` is what to hand in as `after` for the following page; None at the end."""

    hunts: tuple[Hunt, ...]
    next: int | None


class SessionStore(ABC):
    """Sessions by id, for `session_ttl_s` after their last use. Every method that names a session renews it.

    A session that is not there or has ended raises NotFound. Events are written with what they tell of, in one step.
    """

    backend: str
    """`memory` or `redis`, for the status."""

    @abstractmethod
    async def create(self, session: Session, notebook: bytes) -> None:
        """Keep a new session and its original notebook. Raises Busy when there are too many."""

    @abstractmethod
    async def read(self, session_id: str) -> Session: ...

    @abstractmethod
    async def change(
        self, session_id: str, change: Change, *, announce: Announce = nothing, expected_version: int | None = None
    ) -> Session:
        """Replace the session by `change(session)`, its version raised by one, and append what `announce` says of it.

        Atomic: `change` is pure and may be called again. When it returns the session itself, nothing is written.
        Raises Conflict when `expected_version` is given and is not the current one.
        """

    @abstractmethod
    async def announce(self, session_id: str, events: Sequence[EventDraft]) -> None:
        """Append events that tell of nothing new: progress, signs of life."""

    @abstractmethod
    async def save_hunt(self, session_id: str, hunt: Hunt, events: Sequence[EventDraft] = ()) -> None:
        """Keep this state of a hunt, over an earlier one of the same id. A hunt that is done is never overwritten."""

    @abstractmethod
    async def hunts(self, session_id: str, *, after: int = 0, limit: int = 200, run_id: str | None = None) -> HuntPage:
        """Hunts with a number above `after`, by number, at most `limit`; of one run when `run_id` is given."""

    @abstractmethod
    async def hunt(self, session_id: str, hunt_id: str) -> Hunt: ...

    @abstractmethod
    async def counts(self, session_id: str) -> Mapping[str, Counts]:
        """Counts of each run by its id, derived from the hunts. Hunts that were never saved are queued."""

    @abstractmethod
    async def notebook(self, session_id: str) -> bytes: ...

    @abstractmethod
    async def delete(self, session_id: str) -> None:
        """Remove all of a session, its events included. NotFound when it is not there."""

    @abstractmethod
    async def count(self) -> int: ...

    @abstractmethod
    async def close(self) -> None: ...
