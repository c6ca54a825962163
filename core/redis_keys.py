"""The key book: every Redis key with its type, its lifetime and who writes it. No other file spells a key.

Keys of one session share the hash tag `{session id}`, so that one script may touch all of them in a cluster too.
`BOOK` lists every row for the documentation; `docs/operations.md` shows it and a test keeps it true.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "mh:"

EVENT_TYPE, EVENT_DATA = b"t", b"d"
"""Fields of one entry of a session's event stream. Short: they stand in every entry."""


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
    """The keys of one session. They live and end together: every use renews all of them in one step."""

    head: str
    notebook: str
    hunts: str
    replies: str
    numbers: str
    tallies: str
    events: str

    @property
    def all(self) -> tuple[str, ...]:
        """In the order that the scripts expect: KEYS[1] to KEYS[7]."""
        return (self.head, self.notebook, self.hunts, self.replies, self.numbers, self.tallies, self.events)


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
    )


SESSIONS = f"{PREFIX}sessions"
MARKER = f"{PREFIX}marker"


def probe_key(instance: str) -> str:
    return f"{PREFIX}probe:{instance}"


_LIVES = "SESSION_TTL after the session's last use"
_STORE = "core.sessions"
BOOK: tuple[KeyRow, ...] = (
    KeyRow("mh:s:{<sid>}:head", "hash v, j", _LIVES, _STORE, "version and the session's JSON, without hunts"),
    KeyRow("mh:s:{<sid>}:notebook", "string", _LIVES, _STORE, "the original notebook, written once"),
    KeyRow("mh:s:{<sid>}:hunts", "hash", _LIVES, _STORE, "hunt id → its state without the reply"),
    KeyRow("mh:s:{<sid>}:replies", "hash", _LIVES, _STORE, "hunt id → the reply, written once"),
    KeyRow("mh:s:{<sid>}:numbers", "sorted set", _LIVES, _STORE, "hunt ids by number, for pages"),
    KeyRow("mh:s:{<sid>}:tallies", "hash", _LIVES, _STORE, "run id and state → how many; kept in step by the scripts"),
    KeyRow("mh:s:{<sid>}:events", "stream", _LIVES, "core.eventlog", "events, trimmed by EVENTS_MOST and EVENTS_AGE"),
    KeyRow("mh:sessions", "sorted set", "for ever; ended sessions are dropped", _STORE, "session ids by end, to count"),
    KeyRow("mh:marker", "string", "for ever", "core.redis_link", "a random word: when it changes, Redis lost its data"),
    KeyRow("mh:probe:<instance>", "string", "a minute", "core.redis_link", "a small write that shows writing works"),
)
