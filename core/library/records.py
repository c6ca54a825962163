"""The records of the library: what is written, what is read, and queries.

Times are milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.task_state import ListedState


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
    state: ListedState
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
    state: ListedState
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
    state: ListedState
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
