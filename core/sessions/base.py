"""The session store's promise. Head, hunts and notebook are separate: adding a hunt never rewrites a session."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from core.domain.events import EventDraft
from core.domain.hunt import Hunt
from core.domain.run import Counts
from core.domain.session import Session
from core.domain.value import Value
from core.errors import Conflict, NotFound

Change = Callable[[Session], Session]
Announce = Callable[[Session], Sequence[EventDraft]]


def no_session() -> NotFound:
    return NotFound(
        "This session does not exist, or has ended.",
        hint="Sessions end some time after their last use. Load the notebook (or your export) again.",
        code="no_session",
    )


def no_hunt(hunt_id: str) -> NotFound:
    return NotFound(f"This session has no hunt {hunt_id}.", hint="Read the session's hunts again.", code="no_hunt")


def session_exists() -> Conflict:
    return Conflict("A session of that id is there already.", hint="Read it.", code="session_exists")


def refuse_old_version(session: Session, expected: int | None) -> None:
    """Raise Conflict when a version is expected and it is not the session's."""
    if expected is not None and expected != session.version:
        raise Conflict(
            "The session was changed elsewhere meanwhile.",
            hint="Read the session again and repeat your change on it.",
            details={"version": session.version},
        )


def nothing(_session: Session) -> Sequence[EventDraft]:
    """Announce nothing."""
    return ()


class HuntPage(Value):
    """Hunts by number. `next` is what to hand in as `after` for the following page; None at the end."""

    hunts: tuple[Hunt, ...]
    next: int | None


class StoreState(Value):
    """Where sessions are kept at this moment, and how well that goes."""

    backend: str
    """`memory` or `redis`."""
    reason: str = ""
    """Why memory stands in for a configured Redis, for people; "" when all is well."""
    since: datetime | None = None
    """Since when it has been so."""
    latency_ms: float | None = None
    """Of the last look at Redis; None without an answer."""
    away: int = 0
    """Sessions whose newest state is in this process and in the journal, not yet in Redis."""
    journal_bytes: int = 0


class Glance(Value):
    """A session as it is seen without using it."""

    session: Session
    counts: Mapping[str, Counts]
    selected: tuple[Hunt, ...]
    """The hunts of its selection, in slot order."""


class SessionStore(ABC):
    """Sessions by id, for `session_ttl_s` after their last use. Every method that names a session renews it,
    but `glance` and `others_of`.

    A session that is not there or has ended raises NotFound. Events are written with what they tell of, in one step.
    """

    @abstractmethod
    async def create(self, session: Session, notebook: bytes) -> None:
        """Keep a new session and its original notebook.

        Raises Busy when there are too many, Conflict (`session_exists`) when one of that id is there already.
        """

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
    async def announce(self, session_id: str, events: Sequence[EventDraft], *, version: int | None = None) -> bool:
        """Append events that tell of nothing new: progress, signs of life.

        With `version` only while the session's is that one, so that what they say is not overtaken by what was told
        of a change meanwhile. Whether they were told.
        """

    @abstractmethod
    async def save_hunt(self, session_id: str, hunt: Hunt, events: Sequence[EventDraft] = ()) -> None:
        """Keep this state of a hunt, over an earlier one of the same id.

        A hunt that is done is never overwritten but by a further round of judging, nor does a state with a reply or
        more verdicts give way to one with less (`Hunt.may_become`): such a save is passed over, its events too.
        """

    @abstractmethod
    async def hunts(self, session_id: str, *, after: int = 0, limit: int = 200, run_id: str | None = None) -> HuntPage:
        """Hunts with a number above `after`, by number, at most `limit`; of one run when `run_id` is given."""

    @abstractmethod
    async def hunt(self, session_id: str, hunt_id: str) -> Hunt: ...

    @abstractmethod
    async def counts(self, session_id: str) -> Mapping[str, Counts]:
        """Counts of each run by its id, derived from the hunts. Hunts that were never saved are queued."""

    @abstractmethod
    async def glance(self, session_id: str) -> Glance:
        """What a list of sessions shows of one. Its life is not renewed."""

    @abstractmethod
    async def others_of(self, session: Session) -> int:
        """How many other open sessions have this one's `mark`; 0 for a session without one."""

    @abstractmethod
    async def notebook(self, session_id: str) -> bytes: ...

    @abstractmethod
    async def delete(self, session_id: str) -> None:
        """Remove all of a session, its events included. NotFound when it is not there."""

    @abstractmethod
    def state(self) -> StoreState: ...

    @abstractmethod
    async def count(self) -> int: ...

    @abstractmethod
    async def close(self) -> None: ...
