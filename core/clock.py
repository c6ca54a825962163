"""Clocks, passed in as arguments. Production uses `SystemClock`; tests use one that they advance themselves.

Wall clocks jump and differ between machines. A process reads its wall clock once and derives the time from the
monotonic clock (`SteadyClock`), so a jump has no effect. With Redis, it follows Redis's time, so all processes agree.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

MAX_ROUND_TRIP_S = 0.25
"""Maximum round trip of a usable time sample."""
CLOCK_SKEW_WARNING_S = 2.0
SAMPLE_LIFE_S = 60.0
"""The clocks of two machines drift apart by about 3 ms in this time."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock as an aware UTC datetime, for display and storage."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards. For deadlines and latencies."""
        ...


steady_s: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)
"""Monotonic seconds, including the time the machine sleeps where the system supports it."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return steady_s()


class SteadyClock:
    """Reads `source` once and derives `now` from `monotonic`, so setting the machine's clock has no effect.

    After `follow` it shows a server's time.
    """

    def __init__(self, source: Clock) -> None:
        self.source = source
        """The unadjusted machine clock, for cookies that other programs on this machine create and check."""
        self._offset_s = source.now().timestamp() - source.monotonic()
        self._latest_s = 0.0
        """The last time returned: small corrections never make `now` run backwards."""

    def now(self) -> datetime:
        self._latest_s = max(self._latest_s, self.source.monotonic() + self._offset_s)
        return datetime.fromtimestamp(self._latest_s, UTC)

    def monotonic(self) -> float:
        return self.source.monotonic()

    def follow(self, server_s: float, round_trip_s: float) -> None:
        """Follow a server's clock, which read `server_s` (since 1970) in a reply that just arrived."""
        if round_trip_s > MAX_ROUND_TRIP_S:
            return
        offset_s = server_s + round_trip_s / 2 - self.source.monotonic()
        ahead_s = self._offset_s - offset_s
        if abs(ahead_s) > CLOCK_SKEW_WARNING_S:
            log.warning("clock.skewed", ahead_of_redis_s=round(ahead_s, 1))
            self._latest_s = 0.0
        self._offset_s = offset_s


def not_before(at: datetime, earlier: datetime | None) -> datetime:
    """`at`, but never before `earlier`, which another process may have recorded by another clock."""
    return at if earlier is None else max(at, earlier)


class RedisTime:
    """Estimates Redis's clock from its replies and our steady clock. The estimate is never ahead of Redis."""

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
        """Milliseconds since this object (and so the process) started."""
        return int((self._steady() - self._began_at) * 1000)

    def record(self, answer: Sequence[object]) -> None:
        """Record a reply to TIME: seconds and microseconds."""
        seconds, micros = answer
        self.record_ms(int(str(seconds)) * 1000 + int(str(micros)) // 1000)

    def record_ms(self, redis_ms: int) -> None:
        """Record the time of Redis's clock from a reply that just arrived.

        The fastest reply gives the best estimate. A difference of more than 1 s means that the clock was set.
        """
        now = self._steady()
        offset_ms = redis_ms - now * 1000
        before = self._offset_ms
        changed = before is None or now - self._recorded_at > SAMPLE_LIFE_S or abs(offset_ms - before) > 1000
        if before is None or changed or offset_ms > before:
            self._offset_ms, self._recorded_at = offset_ms, now

    def in_ms(self, seconds: float) -> int:
        """Redis's time `seconds` from now, in ms since 1970; 0 before the first reply."""
        return 0 if self._offset_ms is None else int(self._steady() * 1000 + self._offset_ms + seconds * 1000)
