"""The names of all Redis keys; no other file spells one. docs/operations.md says what each holds and for how long.

Keys of one session share the hash tag `{session id}`, so that one script may touch all of them in a cluster too.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "mh:"

EVENT_TYPE, EVENT_DATA, EVENT_GAP = b"t", b"d", b"g"
"""Fields of one entry of a session's event stream. Short: they stand in every entry, the last one only in the first
after some that are gone."""


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The keys of one session. They live and end together: every use renews all of them in one step. `gone` is there
    when they are not, because the session was deleted.
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
        """In the order that the scripts expect: KEYS[1] to KEYS[9]."""
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
    told: str
    turns: str
    limit: str

    @property
    def all(self) -> tuple[str, ...]:
        """In the order that sync.lua expects: KEYS[1] to KEYS[8]."""
        shared = (THROTTLE_PROCESSES, THROTTLE_BORN)
        return (self.leases, self.held, self.wants, self.told, self.turns, self.limit, *shared)


_THROTTLE = f"{PREFIX}{{throttle}}:"
THROTTLE_PROCESSES = f"{_THROTTLE}processes"
THROTTLE_BORN = f"{_THROTTLE}born"
THROTTLE_CHANNEL = f"{_THROTTLE}wake"


def throttle_keys(account: str) -> ThrottleKeys:
    place = f"{_THROTTLE}{account}:"
    return ThrottleKeys(*(place + name for name in ("leases", "held", "wants", "told", "turns", "limit")))


def work_key(job: str) -> str:
    return f"{PREFIX}work:{job}"


def instance_key(instance: str) -> str:
    return f"{PREFIX}instance:{instance}"


INSTANCES = f"{PREFIX}instances"
SECRET = f"{PREFIX}secret"
