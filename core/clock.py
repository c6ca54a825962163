"""Time, handed in. Production uses `SystemClock`; tests hand in one that they move themselves."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, aware, UTC. For what people read and what is stored."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards. For deadlines and latencies."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()
