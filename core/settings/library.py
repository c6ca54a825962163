"""The library: where sessions stay after the live store has let them go."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.rows import setting


@dataclass(frozen=True)
class LibrarySettings:
    """The library: where sessions stay after the live store has let them go."""

    url: str = setting(
        "sqlite:///library/library.sqlite",
        "LIBRARY_URL",
        "database",
        "Where sessions stay for good: sqlite:///PATH, postgresql://… (option: sslmode), or off.",
        secret=True,
    )

    flush_interval_s: float = 2.0
    """Between two writes: what a kill can lose with a session store in memory."""
    reconcile_interval_s: float = 1800.0
    """Between two comparisons of Redis with the library. Sessions stay in Redis for longer than that."""
    max_waiting_hunts: int = 20_000
    """Hunts that wait for an unavailable database and a full disk; with Redis, further ones are read from there."""

    @property
    def enabled(self) -> bool:
        return self.url != OFF


OFF = "off"
