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


def work_key(job: str) -> str:
    return f"{PREFIX}work:{job}"


def instance_key(instance: str) -> str:
    return f"{PREFIX}instance:{instance}"


INSTANCES = f"{PREFIX}instances"
SECRET = f"{PREFIX}secret"
