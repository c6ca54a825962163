"""The interface of the session store. Head, hunts and notebook are separate: adding a hunt never rewrites a session."""

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
EventFactory = Callable[[Session], Sequence[EventDraft]]


def no_session() -> NotFound:
    return NotFound(
        "Session not found. It may have been deleted or have expired.",
        hint="Load your latest export, or the notebook, again.",
        code="no_session",
    )


def no_hunt(hunt_id: str) -> NotFound:
    return NotFound(f"The session has no hunt {hunt_id}.", hint="Fetch the session's hunts again.", code="no_hunt")


def session_exists() -> Conflict:
    return Conflict("A session with this id already exists.", hint="Fetch it instead.", code="session_exists")


def check_version(session: Session, expected: int | None) -> None:
    """Raise Conflict if `expected` is given and is not the session's version."""
    if expected is not None and expected != session.version:
        raise Conflict(
            "The session was changed by another request.",
            hint="Fetch the session again and repeat your change.",
            details={"version": session.version},
        )


def no_events(_session: Session) -> Sequence[EventDraft]:
    """Publish no events."""
    return ()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a part of a run. Of two claims on one part, the one with the higher fence is valid."""

    part: str
    """The run's id and the part's number: `r_….3`; or the key of a job that has one part."""
    fence: int


class Saved(StrEnum):
    """The result of saving a state of a hunt."""

    KEPT = "kept"
    PASSED_OVER = "passed_over"
    """The stored state of the hunt is newer."""
    REFUSED = "refused"
    """The part of the run has a newer claim."""


class HuntPage(Value):
    """Hunts by number. `next` is the `after` of the next page; None at the end."""

    hunts: tuple[Hunt, ...]
    next: int | None


class LibraryState(Value):
    """How far the library is behind the sessions of this process."""

    problem: str = ""
    """Why the last write to it failed, for people; "" if it did not."""
    waiting: int = 0
    """Sessions with changes that are only in this process."""
    behind_s: float = 0.0
    """Age of the oldest change that is not in the library."""
    journal_bytes: int = 0
    """Changes on disk that wait for the library."""
    rejected: int = 0
    """Sessions whose changes the database rejected, since the start: a fault of ours."""


class StoreState(Value):
    """The current storage backend and its health."""

    backend: str
    """`memory` or `redis`."""
    reason: str = ""
    """Why memory replaces a configured Redis, for people; "" if healthy."""
    since: datetime | None = None
    """Start of the fallback to memory."""
    latency_ms: float | None = None
    """Latency of the last probe of Redis; None if it failed."""
    away: int = 0
    """Sessions whose newest state is in this process and the journal, not yet in Redis."""
    journal_bytes: int = 0
    library: LibraryState | None = None
    """None without a library."""


class SessionSummary(Value):
    """A session's summary, read without renewing the session."""

    session: Session
    counts: Mapping[str, Counts]
    on_desk: tuple[Hunt, ...]
    """The hunts to review: the selected ones, in slot order, and the drawn ones."""


@dataclass(frozen=True, slots=True)
class SessionCopy:
    """A whole session, of one moment."""

    session: Session
    notebook: bytes
    hunts: tuple[Hunt, ...]


class SessionStore(ABC):
    """Stores sessions by id. A session expires `session_ttl_s` seconds after its last use. Each method except
    `summary`, `copy` and `count_duplicates` renews it.

    Each change and its events are written atomically. Raises NotFound if the session does not exist or has expired.
    """

    @abstractmethod
    async def create(self, session: Session, notebook: bytes) -> None:
        """Store a new session and its original notebook.

        Raises Busy if there are too many sessions, Conflict (`session_exists`) if the id already exists.
        """

    @abstractmethod
    async def restore(self, copy: SessionCopy) -> bool:
        """Store a session that has left this store, with its hunts, atomically.

        Its events start again: readers of earlier ones reload. Returns False, and writes nothing, if the session is
        there already. Raises NotFound if it was deleted, Busy like `create`.
        """

    @abstractmethod
    async def copy(self, session_id: str) -> SessionCopy: ...

    @abstractmethod
    async def read(self, session_id: str) -> Session: ...

    @abstractmethod
    async def change(
        self, session_id: str, change: Change, *, events: EventFactory = no_events, expected_version: int | None = None
    ) -> Session:
        """Replace the session with `change(session)`, increment its version, and publish the events of `events`.

        Atomic: `change` must be pure and may be called again. If it returns the same object, nothing is written.
        Raises Conflict if `expected_version` is given and is not the current version.
        """

    @abstractmethod
    async def publish(self, session_id: str, events: Sequence[EventDraft], *, version: int | None = None) -> bool:
        """Publish events that don't change the session (progress, keep-alives).

        If `version` is given, publish only while the session is still at that version, so that stale progress never
        follows newer state. Returns whether the events were published.
        """

    @abstractmethod
    async def save_hunt(
        self, session_id: str, hunt: Hunt, events: Sequence[EventDraft] = (), *, claim: Claim | None = None
    ) -> Saved:
        """Store a state of a hunt, replacing an earlier one.

        Only another round of judging replaces a finished hunt, and a state with a reply or more verdicts is never
        replaced by one with less (`Hunt.may_become`): such a save and its events are skipped. With `claim`, the save is
        refused if the part has a newer claim.
        """

    @abstractmethod
    async def accept_claim(self, session_id: str, claim: Claim) -> bool:
        """Refuse saves with older claims on that part from now on. Returns False if there is a newer claim."""

    async def refresh_hunts(self, session_id: str, hunt_ids: Collection[str]) -> None:  # noqa: B027 – most need not
        """Cache these hunts' replies and results from other processes, in case Redis loses them."""

    @abstractmethod
    async def hunts(self, session_id: str, *, after: int = 0, limit: int = 200, run_id: str | None = None) -> HuntPage:
        """Return up to `limit` hunts with a number above `after`, by number; only one run's if `run_id` is given."""

    @abstractmethod
    async def hunt(self, session_id: str, hunt_id: str) -> Hunt: ...

    @abstractmethod
    async def counts(self, session_id: str) -> Mapping[str, Counts]:
        """Return the counts of each run by run id, derived from the hunts. Hunts never saved count as queued."""

    @abstractmethod
    async def summary(self, session_id: str) -> SessionSummary:
        """Return the summary for session lists. Does not renew the session."""

    @abstractmethod
    async def count_duplicates(self, session: Session) -> int:
        """Return the number of other open sessions with the same `mark`; 0 for a session without one."""

    @abstractmethod
    async def notebook(self, session_id: str) -> bytes: ...

    def record_action(self, session: Session, action: str, detail: str = "") -> None:  # noqa: B027 – most need not
        """Record durably that the session's owner did something that does not change it."""

    @abstractmethod
    async def delete(self, session_id: str) -> None:
        """Delete a session and its events, also one that cannot be read. Raises NotFound if it does not exist."""

    async def owner_of_unreadable(self, session_id: str) -> str | None:  # noqa: ARG002 – most do not know
        """Return whose session it is that cannot be read; None if that is not known."""
        return None

    async def is_deleted(self, session_id: str) -> bool:  # noqa: ARG002 – most do not remember
        """Return whether the session was deleted and nothing of its ID is stored durably any more."""
        return False

    @abstractmethod
    def state(self) -> StoreState: ...

    @abstractmethod
    async def count(self) -> int: ...

    @abstractmethod
    async def close(self) -> None: ...
