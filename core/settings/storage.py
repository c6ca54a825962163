"""Where sessions live: Redis, the journal while it is away, and how long and how large."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.rows import MIB, setting


@dataclass(frozen=True)
class RedisSettings:
    """The connection to Redis and what replaces it while it is away."""

    url: str = setting("", "REDIS_URL", "URL", "Redis for sessions; empty: memory, one process.", secret=True)
    timeout_s: float = setting(
        0.8,
        "REDIS_TIMEOUT",
        "s",
        "Longest wait for an answer of Redis; then memory takes over.",
        minimum=0.05,
        maximum=10,
    )
    max_connections: int = setting(
        32, "REDIS_CONNECTIONS", "connections", "Most connections for commands to Redis, per process.", minimum=2
    )
    block_s: float = setting(
        2.0, "REDIS_BLOCK", "s", "How long one read of new events waits in Redis before it asks again.", minimum=0.05
    )
    probe_interval_s: float = setting(
        0.5, "REDIS_PROBE", "s", "Pause between two looks whether Redis is well.", minimum=0.02, maximum=60
    )
    min_good_probes: int = setting(
        2, "REDIS_PROBES", "times", "Good looks in a row before Redis counts as back.", minimum=1, maximum=100
    )
    max_fallback_bytes: int = setting(
        256 * MIB, "KNOWN_SESSIONS_BYTES", "bytes", "Memory for sessions while Redis is away.", minimum=MIB
    )
    journal_dir: str = setting("journal", "JOURNAL_DIR", "path", "Where changes are written while Redis is away.")
    journal_sync_s: float = setting(
        1.0, "JOURNAL_SYNC", "s", "Longest time until a written change is also safe from a power cut.", minimum=0.01
    )
    max_event_age_s: float = setting(
        21600.0, "EVENTS_AGE", "s", "Older events in Redis are trimmed; who is further behind reloads.", minimum=60
    )


@dataclass(frozen=True)
class SessionSettings:
    """How many sessions, how large, how long."""

    ttl_s: float = setting(7200.0, "SESSION_TTL", "s", "A session's life after its last use.", minimum=1)
    max_sessions: int = setting(5000, "SESSIONS_MOST", "sessions", "Most sessions kept in memory.", minimum=1)
    max_percent_per_user: int = setting(
        50,
        "SESSIONS_SHARE",
        "% of SESSIONS_MOST",
        "Most sessions in memory of one who is signed in; without a sign-in there are no shares.",
        minimum=1,
        maximum=100,
    )
    max_bytes: int = setting(
        48 * MIB, "SESSION_MAX_BYTES", "bytes", "Most text of a session; each run and turn keeps its task.", minimum=MIB
    )
    max_events: int = setting(
        20000, "EVENTS_MOST", "events", "Events kept per session; a reader further behind reloads.", minimum=100
    )
