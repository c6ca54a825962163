"""The names of all Redis keys; no other file contains one. docs/operations.md lists their contents and lifetimes.

The keys of one session share the hash tag `{session id}`, so one script can access all of them in a cluster too.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "mh:"

EVENT_TYPE, EVENT_DATA, EVENT_GAP = b"t", b"d", b"g"
"""Field names of an event stream entry, short because every entry repeats them. EVENT_GAP is only in the first entry
after lost events."""


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The keys of one session. Every use renews all of them atomically, so they expire together. `gone` exists only
    after the session was deleted.
    """

    head: str
    notebook: str
    hunts: str
    replies: str
    numbers: str
    tallies: str
    events: str
    gone: str
    fences: str

    @property
    def all(self) -> tuple[str, ...]:
        """All keys in the scripts' order: KEYS[1] to KEYS[9]."""
        kept = (self.head, self.notebook, self.hunts, self.replies, self.numbers, self.tallies, self.events)
        return (*kept, self.gone, self.fences)


def session_keys(session_id: str) -> SessionKeys:
    tag = f"{PREFIX}s:{{{session_id}}}:"
    return SessionKeys(
        head=f"{tag}head",
        notebook=f"{tag}notebook",
        hunts=f"{tag}hunts",
        replies=f"{tag}replies",
        numbers=f"{tag}numbers",
        tallies=f"{tag}tallies",
        events=f"{tag}events",
        gone=f"{tag}gone",
        fences=f"{tag}fences",
    )


def restoring_keys(session_id: str, number: str) -> tuple[str, ...]:
    """The keys of a session that is being restored, in the order of `SessionKeys.all`. `number` is random."""
    return tuple(f"{PREFIX}s:{{{session_id}}}:restoring:{number}:{n}" for n in range(len(session_keys("").all)))


SESSIONS = f"{PREFIX}sessions"
MARKER = f"{PREFIX}marker"


def mark_key(mark: str) -> str:
    return f"{PREFIX}mark:{mark}"


def probe_key(instance: str) -> str:
    return f"{PREFIX}probe:{instance}"


@dataclass(frozen=True, slots=True)
class ThrottleKeys:
    """The keys of one account's permits, shared by all processes."""

    leases: str
    held: str
    wants: str
    reports: str
    turns: str
    limit: str

    @property
    def all(self) -> tuple[str, ...]:
        """All keys in the order of sync.lua: KEYS[1] to KEYS[8]."""
        shared = (THROTTLE_PROCESSES, THROTTLE_BORN)
        return (self.leases, self.held, self.wants, self.reports, self.turns, self.limit, *shared)


_THROTTLE = f"{PREFIX}{{throttle}}:"
THROTTLE_PROCESSES = f"{_THROTTLE}processes"
THROTTLE_BORN = f"{_THROTTLE}born"
THROTTLE_CHANNEL = f"{_THROTTLE}wake"


def throttle_keys(account: str) -> ThrottleKeys:
    place = f"{_THROTTLE}{account}:"
    return ThrottleKeys(*(place + name for name in ("leases", "held", "wants", "told", "turns", "limit")))


def budget_keys(day: str, kind: str, name: str) -> tuple[str, str]:
    """What a person or an account has spent on a day, and the reservations of its calls in flight."""
    place = f"{PREFIX}{{budget}}:{day}:{kind}:{name}:"
    return f"{place}totals", f"{place}open"


WATCHED_TEXT_CHANNEL = f"{PREFIX}text:watched"
"""On it, processes publish which hunts they watch. Channels hold nothing: who does not listen gets nothing."""


def text_channel(process: str) -> str:
    """The channel of texts for the watchers of that process."""
    return f"{PREFIX}text:to:{process}"


def work_key(job: str) -> str:
    return f"{PREFIX}work:{job}"


OPEN_JOBS = f"{PREFIX}jobs"
OPEN_JOBS_CHANNEL = f"{OPEN_JOBS}:added"


@dataclass(frozen=True, slots=True)
class _ReleasedQueueKeys:
    """The keys of the queue that the release before uses (streaQ 7.2)."""

    stream: str = "streaq:model-hunter:queues:normal"
    group: str = "workers"
    delayed: str = "streaq:model-hunter:queues:delayed:normal"

    def token(self, task_id: str) -> str:
        return f"streaq:model-hunter:task:data:{task_id}"

    def tries(self, task_id: str) -> str:
        return f"streaq:model-hunter:task:retry:{task_id}"


RELEASED_QUEUE = _ReleasedQueueKeys()


def instance_key(instance: str) -> str:
    return f"{PREFIX}instance:{instance}"


INSTANCES = f"{PREFIX}instances"
SECRET = f"{PREFIX}secret"
