"""One account in one of several processes: what it holds of the shared limit, and what it gives back when.

A process holds permits and hands them out here, call after call, without asking anybody. It reports when it wants
more, when others lack what it holds, and at least every `renew_s`. It gives permits up before it says so, so
that the sum of what all processes hold is never above the limit, whatever is under way between them and Redis.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from core.throttle.adaptive import Limit, Rounds
from core.throttle.base import AccountLoad
from core.throttle.limiter import AccountLimiter


@dataclass(frozen=True, slots=True)
class Report:
    """What one process says of one account."""

    held: int
    wants: Mapping[str, int]
    """Calls wanted by session (hashed): in flight or waiting, never more than the limit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What it is told: see sync.lua."""

    held: int
    share: int
    others_lack: bool
    contended: bool
    settled: bool
    limit: int
    why: bytes
    processes: int
    shares: Mapping[str, int]


@lru_cache(maxsize=20_000)
def session_hash(session: str) -> str:
    """What the other processes see of a session: enough to tell it from others, not enough to open it."""
    return hashlib.blake2s(session.encode(), digest_size=8).hexdigest() if session else "-"


class SharedLimiter(AccountLimiter):
    def __init__(self, account: str, limit: Limit, ceiling: int, max_queue: int, rounds: Rounds | None) -> None:
        """`rounds`: None when the limit is always the ceiling."""
        super().__init__(account, 0, max_queue)
        self.ceiling = ceiling
        self.limit = limit
        self.due = False
        """Whether there is something to report."""
        self.tell: Callable[[], None] = lambda: None
        """Told when something became due."""
        self.proposed: Limit | None = None
        self.valid_until = 0.0
        self._held = 0
        self._share = 0
        self._shares: Mapping[str, int] = {}
        self._reported: Mapping[str, int] = {}
        self._squeezed = self._contended = False
        self._most = 0
        """Most calls in flight since the last renewal: permits that lay idle all the while are given back."""
        self._rounds = rounds
        self._why = b""

    # -- what the lane tells

    def wanting(self, session: str) -> None:
        if self._wanted(session) > self._reported.get(session_hash(session), 0):
            self._now_due()

    def given_back(self) -> None:
        idle = self._held > self.in_flight
        if idle and (self._contended or (self._squeezed and self._held > self._share)):
            self._now_due()

    def goes_first(self, session: str) -> bool:
        # shares are over all processes: while nobody else wants anything, turns alone are fairest
        return not self._contended or self.by_session[session] < self._shares.get(session_hash(session), 1)

    @property
    def in_use(self) -> bool:
        return self._held > 0 or self.line.queued > 0 or self.in_flight > 0

    # -- with Redis

    def report(self, *, renewal: bool) -> Report:
        """What to say now; permits that are not needed are given up with it."""
        self.due = False
        if time.monotonic() >= self.valid_until:
            keep = self.in_flight  # the lease is over: others may hold the rest by now
        elif self._squeezed:
            keep = min(self._held, self._share)
        elif self._contended:
            keep = self.in_flight + self.line.queued
        else:
            keep = self._most if renewal else self._held
        self._held = max(self.in_flight, min(self._held, keep))
        if renewal:
            self._most = self.in_flight
        self._reported = self._wants()
        self._allow()
        return Report(self._held, self._reported)

    def told(self, report: Report, answer: Answer, valid_until: float) -> None:
        """Take in the answer to `report`. Permits handed out here meanwhile were held: only growth is added."""
        self.valid_until = valid_until
        self._held += answer.held - report.held
        self._share, self._shares = answer.share, answer.shares
        self._squeezed, self._contended = answer.others_lack, answer.contended
        if self._rounds is not None and answer.why != self._why:
            self._why = answer.why
            self.limit = Limit.model_validate_json(answer.why, extra="ignore")
        self._allow()
        if self._squeezed and self._held > max(self.in_flight, self._share):
            self._now_due()

    def go_alone(self, processes: int, *, grown: bool) -> None:
        """Redis is away: an equal part of the limit, at least 1. `grown`: whether it may be more than was held."""
        part = max(1, min(self.limit.now, self.ceiling) // max(1, processes))
        self._held = max(self.in_flight, part if grown else min(self._held, part))
        self._squeezed = self._contended = False
        self._reported = {}
        self._share, self._shares = part, {}
        self.valid_until = float("inf")
        self.capacity = part if grown else min(self._held, part)
        self.hand_out()

    def lapse(self) -> None:
        """Redis is back: nothing is held but what is in flight, until it says so."""
        self.valid_until = 0.0

    # -- the limit

    def note(self, slow_down: bool, at_now: Callable[[], object]) -> None:
        if self._rounds is None or (not slow_down and self.limit.now >= self.ceiling):
            return
        at = at_now()
        wanted = self._rounds.note(
            self.limit,
            slow_down=slow_down,
            in_flight=self.in_flight,
            share=max(1, self._held),
            at=at,  # type: ignore[arg-type]
        )
        if wanted is not self.limit:
            self.proposed = wanted
            self._now_due()

    def load(self) -> AccountLoad:
        return AccountLoad(
            account=self.account,
            limit=min(self.limit.now, self.ceiling),
            in_flight=self.in_flight,
            queued=self.line.queued,
            ceiling=self.ceiling,
            reason=self.limit.reason,
            changed_at=self.limit.changed_at,
        )

    def _now_due(self) -> None:
        if not self.due:
            self.due = True
            self.tell()

    def _allow(self) -> None:
        self.capacity = min(self._held, self._share) if self._squeezed else self._held
        self.hand_out()

    def _take(self, session: str) -> None:
        super()._take(session)
        self._most = max(self._most, self.in_flight)

    def _wants(self) -> dict[str, int]:
        return {session_hash(s): self._wanted(s) for s in {*self.by_session, *self.line.waiting()}}

    def _wanted(self, session: str) -> int:
        calls = self.by_session.get(session, 0) + self.line.waiting().get(session, 0)
        return min(calls, self.limit.now, self.ceiling)
