"""The in-memory throttle of one process: one limiter per account, with fair scheduling between sessions."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager

from core.clock import Clock, SystemClock
from core.errors import NotFound
from core.throttle.adaptive import Adaptive, Rounds
from core.throttle.base import AccountLoad, Throttle
from core.throttle.limiter import AccountLimiter


class MemoryThrottle(Throttle):
    def __init__(
        self,
        limits: Iterable[tuple[str, int]],
        max_queue: int,
        clock: Clock | None = None,
        adaptive: Adaptive | None = None,
    ) -> None:
        """`limits`: (account, maximum calls in flight). `max_queue`: maximum waiting calls per account."""
        adaptive = adaptive or Adaptive()
        self._clock = clock or SystemClock()
        self._limiters = {account: _MemoryLimiter(account, ceiling, max_queue, adaptive) for account, ceiling in limits}

    def slot(self, account: str, session: str, *, background: bool = False) -> AbstractAsyncContextManager[float]:
        return self._limiter(account).slot(session, background=background)

    def record_response(self, account: str, *, slow_down: bool) -> None:
        limiter = self._limiter(account)
        if limiter.adaptive.on:
            limiter.record_response(slow_down, self._clock)

    def load(self) -> tuple[AccountLoad, ...]:
        return tuple(limiter.load() for limiter in self._limiters.values())

    def _limiter(self, account: str) -> _MemoryLimiter:
        limiter = self._limiters.get(account)
        if limiter is None:
            raise unknown_account(account)
        return limiter


class _MemoryLimiter(AccountLimiter):
    def __init__(self, account: str, ceiling: int, max_queue: int, adaptive: Adaptive) -> None:
        self.limit = adaptive.first(ceiling)
        super().__init__(account, self.limit.now, max_queue)
        self.ceiling = ceiling
        self.adaptive = adaptive
        self._rounds = Rounds(ceiling, adaptive.cooldown_s)

    def record_response(self, slow_down: bool, clock: Clock) -> None:
        if not slow_down and self._rounds.is_quiet(self.limit):
            return  # the common case
        self.limit = self._rounds.adjust(
            self.limit, slow_down=slow_down, in_flight=self.in_flight, share=self.limit.now, at=clock.now()
        )
        self.capacity = self.limit.now
        self.grant_free_slots()

    def load(self) -> AccountLoad:
        return AccountLoad(
            account=self.account,
            limit=self.limit.now,
            in_flight=self.in_flight,
            queued=self.queued,
            ceiling=self.ceiling,
            reason=self.limit.reason,
            changed_at=self.limit.changed_at,
        )


def unknown_account(account: str) -> NotFound:
    return NotFound(f"Unknown account: {account}.", hint="Configure its address and concurrency.")
