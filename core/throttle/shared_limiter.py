"""The limiter of one account in one of several processes, which share the limit.

A process holds permits and grants them locally, without a round trip per call. It reports when it needs more permits,
when other processes need permits that it holds, and at least every `renew_s`. It gives up permits before it reports,
so the sum of all permits never exceeds the limit, even with messages in flight.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from core.throttle.adaptive import Limit, Rounds
from core.throttle.base import AccountLoad
from core.throttle.limiter import BACKGROUND, AccountLimiter


@dataclass(frozen=True, slots=True)
class Report:
    """One process's report about one account."""

    held: int
    wants: Mapping[str, int]
    """Calls in flight or waiting by hashed session, capped at the limit."""


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The answer to a report: see sync.lua."""

    held: int
    share: int
    others_lack: bool
    contended: bool
    counted: bool
    """Whether `processes` is complete. It is not for a lease after Redis was emptied."""
    limit: int
    why: bytes
    processes: int
    shares: Mapping[str, int]


@lru_cache(maxsize=20_000)
def session_hash(session: str) -> str:
    """Identifies a session to other processes without revealing its id."""
    if session.startswith(BACKGROUND):
        return BACKGROUND + session_hash(session.removeprefix(BACKGROUND))
    return hashlib.blake2s(session.encode(), digest_size=8).hexdigest() if session else "-"


class SharedLimiter(AccountLimiter):
    def __init__(self, account: str, limit: Limit, ceiling: int, max_queue: int, rounds: Rounds | None) -> None:
        """`rounds`: None if the limit is always the ceiling."""
        super().__init__(account, 0, max_queue)
        self.ceiling = ceiling
        self.limit = limit
        self.due = False
        """Whether a report is due."""
        self.on_due: Callable[[], None] = lambda: None
        """Called when a report becomes due."""
        self.proposed: Limit | None = None
        self.valid_until = 0.0
        self._held = 0
        self._share = 0
        self._shares: Mapping[str, int] = {}
        self._reported: Mapping[str, int] = {}
        self._squeezed = self._contended = False
        self._max = 0
        """Peak of calls in flight since the last renewal: permits above it were idle and are given up."""
        self._rounds = rounds
        self._why = b""

    # -- hooks of AccountLimiter

    def on_waiting(self, session: str) -> None:
        if self._wanted(session) > self._reported.get(session_hash(session), 0):
            self._set_due()

    def on_released(self) -> None:
        idle = self._held > self.in_flight
        if idle and (self._contended or (self._squeezed and self._held > self._share)):
            self._set_due()

    def has_priority(self, session: str) -> bool:
        # shares count over all processes: without contention, rotation alone is fair
        return not self._contended or self.by_session[session] < self._shares.get(session_hash(session), 1)

    @property
    def in_use(self) -> bool:
        return self._held > 0 or self.queued > 0 or self.in_flight > 0

    @property
    def lacks_permits(self) -> bool:
        """Whether calls wait and other processes hold permits, which may become free without a message: a process that
        died sends none."""
        return self.queued > 0 and self._held < min(self.limit.now, self.ceiling)

    # -- with Redis

    def report(self, *, renewal: bool) -> Report:
        """Give up unneeded permits and return the report."""
        self.due = False
        if time.monotonic() >= self.valid_until:
            keep = self.in_flight  # the lease has expired: other processes may hold the rest
        elif self._squeezed:
            keep = min(self._held, self._share)
        elif self._contended:
            keep = self.in_flight + self.queued
        else:
            keep = self._max if renewal else self._held
        self._held = max(self.in_flight, min(self._held, keep))
        if renewal:
            self._max = self.in_flight
        self._reported = self._wants()
        self._allow()
        return Report(self._held, self._reported)

    def apply(self, report: Report, answer: SyncResult, valid_until: float) -> None:
        """Apply the answer to `report`. Permits granted in the meantime were held already: only growth is added."""
        self.valid_until = valid_until
        self._held += answer.held - report.held
        self._share, self._shares = answer.share, answer.shares
        self._squeezed, self._contended = answer.others_lack, answer.contended
        if self._rounds is not None and answer.why != self._why:
            self._why = answer.why
            self.limit = Limit.model_validate_json(answer.why, extra="ignore")
        self._allow()
        if self._squeezed and self._held > max(self.in_flight, self._share):
            self._set_due()

    def use_local_share(self, processes: int, *, grown: bool) -> None:
        """Use an equal part of the limit (at least 1) without Redis. If `grown`, it may exceed the held permits."""
        part = max(1, min(self.limit.now, self.ceiling) // max(1, processes))
        self._held = max(self.in_flight, part if grown else min(self._held, part))
        self._squeezed = self._contended = False
        self._reported = {}
        self._share, self._shares = part, {}
        self.valid_until = float("inf")
        self.capacity = part if grown else min(self._held, part)
        self.grant_free_slots()

    def expire_lease(self) -> None:
        """Expire the lease: when Redis is back, only permits in flight are held until the next answer."""
        self.valid_until = 0.0

    # -- the limit

    def record_response(self, slow_down: bool, at_now: Callable[[], object]) -> None:
        if self._rounds is None or (not slow_down and self._rounds.is_quiet(self.limit)):
            return
        at = at_now()
        wanted = self._rounds.adjust(
            self.limit,
            slow_down=slow_down,
            in_flight=self.in_flight,
            share=max(1, self._held),
            at=at,  # type: ignore[arg-type]
        )
        if wanted is not self.limit:
            self.proposed = wanted
            self._set_due()

    def load(self) -> AccountLoad:
        return AccountLoad(
            account=self.account,
            limit=min(self.limit.now, self.ceiling),
            in_flight=self.in_flight,
            queued=self.queued,
            ceiling=self.ceiling,
            reason=self.limit.reason,
            changed_at=self.limit.changed_at,
        )

    def _set_due(self) -> None:
        if not self.due:
            self.due = True
            self.on_due()

    def _allow(self) -> None:
        self.capacity = min(self._held, self._share) if self._squeezed else self._held
        self.grant_free_slots()

    def _take(self, session: str) -> None:
        super()._take(session)
        self._max = max(self._max, self.in_flight)

    def _wants(self) -> dict[str, int]:
        sessions = {*self.by_session, *self.queue.waiting(), *self.background.waiting()}
        return {session_hash(session): self._wanted(session) for session in sessions}

    def _wanted(self, session: str) -> int:
        queue = self.background if session.startswith(BACKGROUND) else self.queue
        calls = self.by_session.get(session, 0) + queue.waiting().get(session, 0)
        return min(calls, self.limit.now, self.ceiling)
