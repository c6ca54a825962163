"""Time, handed in. Production uses `SystemClock`; tests hand in one that they move themselves.

Wall clocks jump, and differ between machines. A process reads its wall clock once and counts on from there
(`SteadyClock`), so that a jump changes nothing; with Redis it shows Redis's time, so that all processes agree.
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
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return steady_s()


class SteadyClock:
    """Another clock, read once: `now` counts on from there by `monotonic`, so that nothing happens when the machine's
    clock is set. With `follow` it shows a server's time.
    """

    def __init__(self, source: Clock) -> None:
        self.source = source
        """The machine's clock as it is: for passes, which programs beside this one make and check by theirs."""
        self._offset_s = source.now().timestamp() - source.monotonic()
        self._latest_s = 0.0
        """What was shown last: it never runs backwards by little."""

    def now(self) -> datetime:
        self._latest_s = max(self._latest_s, self.source.monotonic() + self._offset_s)
        return datetime.fromtimestamp(self._latest_s, UTC)

    def monotonic(self) -> float:
        return self.source.monotonic()

    def follow(self, server_s: float, round_trip_s: float) -> None:
        """Show the time of a server from now on, which said `server_s` (since 1970) in an answer that has just come."""
        if round_trip_s > MAX_ROUND_TRIP_S:
            return
        offset_s = server_s + round_trip_s / 2 - self.source.monotonic()
        ahead_s = self._offset_s - offset_s
        if abs(ahead_s) > WORTH_A_WARNING_S:
            log.warning("this machine's clock differs from Redis's, whose time is used", ahead_s=round(ahead_s, 1))
            self._latest_s = 0.0
        self._offset_s = offset_s


def not_before(at: datetime, earlier: datetime | None) -> datetime:
    """The time of an end whose beginning another process may have noted by another clock."""
    return at if earlier is None else max(at, earlier)


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
