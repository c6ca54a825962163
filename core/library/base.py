"""The interface of the library and its records.

A session is stored as the JSON that the live store uses: its head, the original notebook, and each hunt in two parts
(state and reply). Beside them are the columns that lists and searches need.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.errors import Unavailable


class LibraryAway(Unavailable):
    """The library's database cannot be used at the moment. `message` names neither addresses nor passwords."""

    code = "library_away"


class LibraryRejected(LibraryAway):
    """The database works, and rejects what is written: a fault of ours, which trying again does not fix."""


def library_away(why: str) -> LibraryAway:
    return LibraryAway(
        f"The library is unavailable: {why}",
        hint="Open sessions and runs continue. Sessions from before open as soon as the library is back.",
    )


@dataclass(frozen=True, slots=True)
class LibraryWaiting:
    """Something of a session that waits for a person."""

    person: str
    kind: str
    """A `Waiting`."""
    sender: str
    """Who it is from; "" for what follows from the state of the session."""
    since_ms: int


@dataclass(frozen=True, slots=True)
class LibraryHead:
    """The head of a session at one version."""

    session_id: str
    version: int
    head: bytes
    """JSON, as the live store has it."""
    owner: str
    name: str
    state: str
    """A `TaskState`."""
    active: bool
    """It has unfinished work: a run, check or report."""
    created_ms: int
    """Milliseconds since 1970, as all times here."""
    excerpt: str
    """The beginning of the prompt."""
    prompt_hash: str
    """SHA-256 of the prompt without differences of white space and case; "" without a prompt."""
    text: str
    """What a search finds, as `core.domain.search_words.searchable`: name, prompt, criteria and models."""
    sealed: bool = True
    """Lists must not show what its judge costs."""
    planned_hunts: int = 0
    """Hunts of all runs without trials, started or not."""
    revealed_ms: int | None = None
    bands: tuple[int, ...] = ()
    """`core.domain.prompt_similarity.prompt_bands` of the prompt."""
    waiting: tuple[LibraryWaiting, ...] = ()


@dataclass(frozen=True, slots=True)
class LibraryHunt:
    """One state of a hunt."""

    hunt_id: str
    number: int
    run_id: str
    model: str
    outcome: str
    """"" until the hunt is done."""
    progress: int
    """`Hunt.progress`: a stored state is never replaced by one with less."""

    cost_usd: float | None
    target_cost_usd: float | None
    """Without judge calls: what a sealed session may show."""
    state: bytes
    """JSON without the reply."""
    reply: bytes
    """JSON; empty if there is none, or if it is stored already."""
    text: str
    """What a search finds in the reply, likewise; empty with an empty `reply`."""


@dataclass(frozen=True, slots=True)
class LibraryEvent:
    """Who did what. The same event may be written several times."""

    event_id: str
    """Unique in its session."""
    at_ms: int
    actor: str
    """The user; "" without sign-in, and for what the server did."""
    action: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SessionChanges:
    """What changed of one session. Parts that did not change are None or empty."""

    session_id: str
    changed_ms: int
    head: LibraryHead | None = None
    notebook: bytes | None = None
    hunts: tuple[LibraryHunt, ...] = ()
    events: tuple[LibraryEvent, ...] = ()
    deleted_by: str | None = None
    """The session was deleted by that user; "" without sign-in, and by the server."""
    deleted_why: str = ""
    """For the record of the deletion; "" if the user asked for it."""

    @property
    def size_bytes(self) -> int:
        head = len(self.head.head) if self.head else 0
        return head + len(self.notebook or b"") + sum(len(hunt.state) + len(hunt.reply) for hunt in self.hunts)


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it was written last."""

    head: bytes
    notebook: bytes
    hunts: tuple[tuple[bytes, bytes], ...]
    """State and reply of each hunt, by number."""
    changed_ms: int


@dataclass(frozen=True, slots=True)
class StoredProgress:
    """How far a stored session is, to compare it with a live one."""

    version: int
    """0 if only hunts are stored."""
    hunts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TaskCursor:
    """The place of a task in a list by time, the newest first."""

    changed_ms: int
    session_id: str


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """Which tasks a list contains."""

    owner: str | None = None
    """None: everyone's."""
    states: tuple[str, ...] = ()
    """`TaskState`s; empty: all."""
    archived: bool = False
    """Only archived tasks, or only the others."""
    text: str = ""
    """Words that the task or one of its replies contains, all of them; the last one may be the beginning of a word."""
    after: TaskCursor | None = None
    limit: int = 50
    hidden_from: str = ""
    """Without the tasks that this person reviews blind at the moment; "": nobody."""


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A session as lists show it."""

    session_id: str
    name: str
    owner: str
    state: str
    """A `TaskState`, also DELIVERED."""
    archived: bool
    created_ms: int
    changed_ms: int
    excerpt: str
    sealed: bool
    planned_hunts: int
    outcomes: Mapping[str, int]
    """Stored hunts by outcome, "" for those without one; without trials."""
    cost_usd: float | None
    target_cost_usd: float | None


@dataclass(frozen=True, slots=True)
class SimilarQuery:
    """Which tasks may have nearly the same prompt."""

    session_id: str
    """Itself never found."""
    prompt_hash: str
    bands: tuple[int, ...]
    owner: str | None = None
    """None: everyone's."""
    hidden_from: str = ""
    """As in TaskQuery."""


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """Something that waits for a person, with what they may see of its session."""

    session_id: str
    name: str
    excerpt: str
    kind: str
    sender: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Tasks that are deleted: those that match and did not change since `before_ms`. Whether one is in use is for the
    caller to find out."""

    before_ms: int
    why: str
    """For the record of the deletion."""
    archived: bool
    """Only archived tasks, or only the others."""
    states: tuple[str, ...] = ()
    """`TaskState`s; empty: all."""


@dataclass(frozen=True, slots=True)
class Deletion:
    session_id: str
    deleted_ms: int


@dataclass(frozen=True, slots=True)
class PeriodQuery:
    """Sessions that existed in a period and were changed in it or later, deleted ones left out."""

    owner: str | None = None
    """None: everyone's."""
    since_ms: int = 0
    until_ms: int | None = None
    """Sessions that were created at that time or later are left out; None: none are."""


AGE_DAYS = (1, 3, 7, 30)
"""Bounds of the ages of tasks in an overview: since when nobody changed them."""


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """How many tasks of one person, in one state and of one age, are neither delivered nor archived."""

    person: str
    """Whom they wait for; "" without a sign-in."""
    state: str
    age: int
    """How many bounds of AGE_DAYS it has reached: 0 for less than a day."""
    tasks: int
    oldest_ms: int
    """When the one was changed that waits for longest."""


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """A task that waits for somebody: for its owner until it is delivered or archived, or for whom they asked. It is
    there once for each of them."""

    name: str
    person: str
    owner: str
    state: str
    since_ms: int
    kind: str = ""
    """A `Waiting`; "": its owner's next step."""


@dataclass(frozen=True, slots=True)
class DeliveredTask:
    name: str
    owner: str
    created_ms: int
    delivered_ms: int
    """Its last export since the reveal."""
    hunts: int
    broke: int
    cost_usd: float | None
    """Known costs of targets and judge."""
    unpriced: int
    """Hunts with unknown cost."""


@dataclass(frozen=True, slots=True)
class TeamOverview:
    open_tasks: tuple[OpenTasks, ...]
    waiting: tuple[WaitingTask, ...]
    """Those that wait for longest first."""
    delivered: tuple[DeliveredTask, ...]
    """The last one first."""


class Library(ABC):
    """Stores sessions durably. Methods raise LibraryAway while the database cannot be used.

    Writing is idempotent: of two writes of one head the higher version remains, of two states of one hunt the one with
    more progress, whichever process wrote them and in whatever order. A deleted session stays deleted: later writes
    leave no trace of it.
    """

    @abstractmethod
    async def open(self) -> None:
        """Connect, and create or migrate the tables. Every other method does so with its first use, which takes up to
        seconds."""

    @abstractmethod
    async def write(self, changes: Sequence[SessionChanges]) -> None:
        """Write the changes of several sessions: all or none of them."""

    @abstractmethod
    async def read(self, session_id: str) -> StoredSession | None:
        """Return a session, None if it is unknown or deleted. Consistent: everything is of one moment."""

    @abstractmethod
    async def progress(self, session_ids: Collection[str]) -> Mapping[str, StoredProgress]:
        """Return how far sessions are, by ID; deleted and unknown ones are left out."""

    @abstractmethod
    async def deleted(self, session_ids: Collection[str]) -> frozenset[str]:
        """Return which of these sessions were deleted."""

    @abstractmethod
    async def active(self, since_ms: int) -> tuple[str, ...]:
        """Return the IDs of sessions with unfinished work that changed since then, the newest first."""

    @abstractmethod
    async def events(self, session_id: str) -> tuple[LibraryEvent, ...]:
        """Return what happened to a session, oldest first. Those of a deleted session remain."""

    @abstractmethod
    async def tasks(self, query: TaskQuery) -> tuple[StoredTask, ...]:
        """Return the tasks that match, those changed last first, at most `limit`."""

    @abstractmethod
    async def overview(self, now_ms: int, since_ms: int, limit: int) -> TeamOverview:
        """Return what is open, and what was delivered since then; at most `limit` tasks of each list."""

    @abstractmethod
    async def waiting_for(self, person: str, kinds: Sequence[str], limit: int) -> tuple[WaitingItem, ...]:
        """Return what waits for a person, of these kinds, the longest wait first."""

    @abstractmethod
    async def similar(self, query: SimilarQuery) -> tuple[tuple[StoredTask, bytes], ...]:
        """Return tasks and their heads: those with the same prompt first, the newest of them first, then a few that
        share most bands. Whether those are similar is for the caller to find out."""

    @abstractmethod
    async def session_ids(self, query: PeriodQuery) -> tuple[tuple[str, bool], ...]:
        """Return the IDs of all sessions that match, in their order, and whether they are archived."""

    @abstractmethod
    async def set_archived(self, session_id: str, archived: bool, event: LibraryEvent) -> bool:
        """Archive a task or take it back, and record who did. Returns False if the library does not have it."""

    @abstractmethod
    async def expired(self, rule: RetentionRule, skip: Collection[str], limit: int) -> tuple[str, ...]:
        """Return sessions that the rule matches, those unchanged for longest first, without those in `skip`."""

    @abstractmethod
    async def expire(self, rule: RetentionRule, session_ids: Collection[str], now_ms: int) -> tuple[str, ...]:
        """Delete those of these sessions that the rule still matches, and return them. One process at a time does so:
        none are deleted while another one does."""

    @abstractmethod
    async def deletions(self, since_ms: int) -> tuple[Deletion, ...]:
        """Return the sessions that were deleted since then."""

    @abstractmethod
    async def compact(self) -> None:
        """Overwrite what deletions have left in SQLite's search index and write-ahead log, in short steps. PostgreSQL
        does that by itself (autovacuum)."""

    @abstractmethod
    async def count(self) -> int:
        """Return the number of sessions."""

    @abstractmethod
    async def close(self) -> None:
        """Close all connections."""
