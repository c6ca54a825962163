"""Time, handed in. Production uses `SystemClock`; tests hand in one that they move themselves.

Wall clocks jump, and differ between machines. `SystemClock` reads the wall clock once and counts on from there, so that
a jump changes nothing; with Redis it shows Redis's time, so that all processes that share a Redis agree.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

MAX_ROUND_TRIP_S = 0.25
"""An answer that took longer says too little of the other clock."""
WORTH_A_WARNING_S = 2.0
SAMPLE_LIFE_S = 60.0
"""Clocks of two machines drift apart: about 3 ms in this time."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, aware, UTC. For what people read and what is stored."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards. For deadlines and latencies."""
        ...


def steady_s() -> float:
    """Seconds that never run backwards and that go on while the machine sleeps, where the system can count these."""
    boot_time: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


class SystemClock:
    """`now` goes on evenly whatever happens to the machine's clock, and never runs backwards by a second or less."""

    def __init__(self, wall_s: Callable[[], float] = time.time, steady: Callable[[], float] = steady_s) -> None:
        """`wall_s`: seconds since 1970, read now and never again."""
        self._steady = steady
        self._offset_s = wall_s() - steady()
        self._latest_s = 0.0

    def now(self) -> datetime:
        self._latest_s = max(self._latest_s, self._steady() + self._offset_s)
        return datetime.fromtimestamp(self._latest_s, UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def follow(self, server_s: float, round_trip_s: float) -> None:
        """Show the time of a server from now on, which said `server_s` (since 1970) in an answer that has just come."""
        if round_trip_s > MAX_ROUND_TRIP_S:
            return
        offset_s = server_s + round_trip_s / 2 - self._steady()
        ahead_s = self._offset_s - offset_s
        if abs(ahead_s) > WORTH_A_WARNING_S:
            log.warning("this machine's clock differs from Redis's, whose time is used", ahead_s=round(ahead_s, 1))
            self._latest_s = 0.0
        self._offset_s = offset_s


class RedisTime:
    """What Redis's clock shows, by its own answers and our steady clock: never more than it does."""

    def __init__(self, steady: Callable[[], float] = steady_s) -> None:
        self._steady = steady
        self._began_at = steady()
        self._offset_ms: float | None = None
        self._recorded_at = 0.0

    @property
    def known(self) -> bool:
        return self._offset_ms is not None

    @property
    def alive_ms(self) -> int:
        """Since this was made, with the process."""
        return int((self._steady() - self._began_at) * 1000)

    def record(self, answer: Sequence[object]) -> None:
        """Take in an answer to TIME: seconds and microseconds."""
        seconds, micros = answer
        self.record_ms(int(str(seconds)) * 1000 + int(str(micros)) // 1000)

    def record_ms(self, redis_ms: int) -> None:
        """Take in what Redis's clock showed in an answer that has just come.

        Of several answers the quickest is the nearest; one that differs by more means that the clock was changed.
        """
        now = self._steady()
        offset_ms = redis_ms - now * 1000
        before = self._offset_ms
        changed = before is None or now - self._recorded_at > SAMPLE_LIFE_S or abs(offset_ms - before) > 1000
        if before is None or changed or offset_ms > before:
            self._offset_ms, self._recorded_at = offset_ms, now

    def in_ms(self, seconds: float) -> int:
        """What it will show so many seconds from now, in ms since 1970; 0 before the first answer."""
        return 0 if self._offset_ms is None else int(self._steady() * 1000 + self._offset_ms + seconds * 1000)
