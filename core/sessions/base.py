"""The session store's promise. Head, hunts and notebook are separate: adding a hunt never rewrites a session."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
        "Session not found. It may have expired.",
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


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a part of a run. Of two claims on one part the one with the greater number holds."""

    part: str
    """The run's id and the part's number: `r_….3`."""
    fence: int


class Saved(StrEnum):
    """What became of a state of a hunt."""

    KEPT = "kept"
    PASSED_OVER = "passed_over"
    """The hunt is further than that already."""
    REFUSED = "refused"
    """Somebody has claimed the part of the run later."""


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
    async def save_hunt(
        self, session_id: str, hunt: Hunt, events: Sequence[EventDraft] = (), *, claim: Claim | None = None
    ) -> Saved:
        """Keep this state of a hunt, over an earlier one of the same id.

        A hunt that is done is never overwritten but by a further round of judging, nor does a state with a reply or
        more verdicts give way to one with less (`Hunt.may_become`): such a save is passed over, its events too.
        With `claim` it is refused when a later claim on that part has been taken or has saved something.
        """

    @abstractmethod
    async def take(self, session_id: str, claim: Claim) -> bool:
        """Have saves with older claims on that part refused from now on. False when there is a later one already."""

    async def learn(self, session_id: str, hunt_ids: Collection[str]) -> None:  # noqa: B027 – most need not
        """Know the replies and results that others have got of these hunts, in case Redis loses them."""

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
