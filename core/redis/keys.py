"""The key book: every Redis key with its type, its lifetime and who writes it. No other file spells a key.

Keys of one session share the hash tag `{session id}`, so that one script may touch all of them in a cluster too.
`BOOK` lists every row for the documentation; `docs/operations.md` shows it and a test keeps it true.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "mh:"

EVENT_TYPE, EVENT_DATA, EVENT_GAP = b"t", b"d", b"g"
"""Fields of one entry of a session's event stream. Short: they stand in every entry, the last one only in the first
after some that are gone."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One row of the key book. `key` is a pattern with the variable parts in angle brackets."""

    key: str
    type: str
    lifetime: str
    owner: str
    about: str


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

_LIVES = "SESSION_TTL after the session's last use"
_STORE = "core.sessions"
_LEASE = "a minute after the last call"
_GATE = "core.throttle"
_WORK = "core.hunting"
BOOK: tuple[KeyRow, ...] = (
    KeyRow("mh:s:{<sid>}:head", "hash v, j", _LIVES, _STORE, "version and the session's JSON, without hunts"),
    KeyRow("mh:s:{<sid>}:notebook", "string", _LIVES, _STORE, "the original notebook, written once"),
    KeyRow("mh:s:{<sid>}:hunts", "hash", _LIVES, _STORE, "hunt id → its state without the reply"),
    KeyRow("mh:s:{<sid>}:replies", "hash", _LIVES, _STORE, "hunt id → the reply, written once"),
    KeyRow("mh:s:{<sid>}:numbers", "sorted set", _LIVES, _STORE, "hunt ids by number, for pages"),
    KeyRow("mh:s:{<sid>}:tallies", "hash", _LIVES, _STORE, "run id and state → how many; kept in step by the scripts"),
    KeyRow("mh:s:{<sid>}:events", "stream", _LIVES, "core.eventlog", "events, trimmed to 20,000 and six hours"),
    KeyRow("mh:s:{<sid>}:gone", "string", "SESSION_TTL after its deletion", _STORE, "keeps it from being put back"),
    KeyRow("mh:s:{<sid>}:fences", "hash", _LIVES, _STORE, "part of a run → number of its newest claim"),
    KeyRow("mh:sessions", "sorted set", "for ever; ended sessions are dropped", _STORE, "session ids by end, to count"),
    KeyRow("mh:mark:<mark>", "set", "a week after the last opening", _STORE, "ids of the sessions of one task"),
    KeyRow(
        "mh:marker", "string", "for ever", "core.redis.health", "a random word: when it changes, Redis lost its data"
    ),
    KeyRow("mh:probe:<instance>", "string", "a minute", "core.redis.health", "a small write that shows writing works"),
    KeyRow("mh:{throttle}:<account>:leases", "sorted set", _LEASE, _GATE, "process → end of its permits (Redis TIME)"),
    KeyRow("mh:{throttle}:<account>:held", "hash", _LEASE, _GATE, "process → permits that it holds"),
    KeyRow("mh:{throttle}:<account>:wants", "hash", _LEASE, _GATE, "process → calls wanted by session (hashed)"),
    KeyRow("mh:{throttle}:<account>:told", "hash", _LEASE, _GATE, "process → its share as it was last told"),
    KeyRow("mh:{throttle}:<account>:turns", "hash", _LEASE, _GATE, "session (hashed) → since when it is served"),
    KeyRow("mh:{throttle}:<account>:limit", "hash", "for ever", _GATE, "the limit now, its version, why it changed"),
    KeyRow("mh:{throttle}:processes", "sorted set", "for ever", _GATE, "processes that call, by end of their lease"),
    KeyRow("mh:{throttle}:born", "string", "for ever", _GATE, "since when permits may grow again"),
    KeyRow("mh:work:<job>", "hash", "SESSION_TTL after the last word", _WORK, "who works on which part, what is done"),
    KeyRow("streaq:model-hunter:*", "several", "until the job has ended", "streaQ", "the queue of jobs: ids, no texts"),
    KeyRow("mh:instances", "sorted set", "for ever; silent ones are dropped", _WORK, "processes by last sign of life"),
    KeyRow("mh:instance:<name>", "string", "ten seconds", _WORK, "what a process tells of itself, as JSON"),
    KeyRow("mh:secret", "string", "for ever", "core.runtime", "turns idempotency keys into session ids"),
)
