"""The library: where sessions stay after the live store has let them go."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.rows import setting

STATES = ("draft", "checked", "hunting", "to_review", "revealed", "delivered")
ARCHIVED = "archived"
MAX_DAYS = 36_500


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

    retention_days: tuple[tuple[str, int], ...] = setting(
        (),
        "LIBRARY_DAYS",
        "days, or state=days",
        "Days after its last change after which a task is deleted: for all, or by state (archived=90,draft=365); "
        "empty: never.",
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


def read_state_days(text: str) -> tuple[tuple[str, int], ...]:
    """Read `365`, or `archived=90,draft=365`: what is not named, or has 0, is kept for ever. Raises ValueError."""
    days: dict[str, int] = {}
    for part in (part.strip() for part in text.split(",")):
        name, equals, number = (word.strip() for word in part.rpartition("="))
        names = (name,) if equals else (*STATES, ARCHIVED)
        if equals and name not in {*STATES, ARCHIVED}:
            raise ValueError(f'there is no state "{name[:40]}"; known are {", ".join((*STATES, ARCHIVED))}.')
        if not (number.isascii() and number.isdecimal() and len(number) < 10 and int(number) <= MAX_DAYS):
            raise ValueError(f'"{part[:40]}" is neither days nor state=days, with 0 to {MAX_DAYS} days.')
        days |= dict.fromkeys(names, int(number))
    return tuple((name, count) for name, count in days.items() if count)
