"""Where sessions live: Redis, the journal while it is away, and how many, how large and how long."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.rows import MIB, setting


@dataclass(frozen=True)
class RedisSettings:
    """The connection to Redis, and what replaces it while it is away."""

    url: str = setting(
        "",
        "REDIS_URL",
        "URL",
        "Redis for sessions; empty: sessions live in memory, and only one process can run.",
        secret=True,
    )
    timeout_s: float = setting(
        0.8,
        "REDIS_TIMEOUT",
        "s",
        "Maximum wait for a response from Redis; then the server falls back to memory.",
        minimum=0.05,
        maximum=10,
    )
    journal_dir: str = setting("journal", "JOURNAL_DIR", "path", "Folder for changes while Redis is unavailable.")
    max_fallback_bytes: int = 256 * MIB
    """Memory for sessions while Redis is unavailable."""

    max_connections: int = 32
    """For commands, per process; a command holds one for milliseconds."""
    block_s: float = 2.0
    """How long one read of new events blocks in Redis."""
    probe_interval_s: float = 0.5
    """Between two health checks of Redis."""
    min_good_probes: int = 2
    """Successful health checks in a row before Redis counts as back: one may come from a server that is restarting."""
    journal_sync_s: float = 1.0
    """Longest time until a written change also survives a power cut (as Redis's own `everysec`)."""
    max_event_age_s: float = 6 * 3600.0
    """Older events are trimmed; a reader that is further behind reloads."""


@dataclass(frozen=True)
class SessionSettings:
    """How many sessions, how large, and how long they live."""

    ttl_s: float = setting(7200.0, "SESSION_TTL", "s", "Session lifetime after its last use.", minimum=1)
    max_sessions: int = setting(5000, "MAX_SESSIONS", "sessions", "Maximum sessions in memory.", minimum=1)

    max_percent_per_user: int = 50
    """% of `max_sessions` in memory per signed-in user, so that the script of one does not take the place of all."""
    max_bytes: int = 48 * MIB
    """Maximum text of a session: each run and turn keeps its task."""
    max_events: int = 20_000
    """Events kept per session; a reader that is further behind reloads."""
