"""The adaptive limit below the configured ceiling: cut on rate limits, raised again after clean rounds.

The numbers follow Inspect AI's adaptive concurrency: double until the first rate limit, then +5% per clean round and
×0.8 per episode of rate limits. An episode lasts for the cooldown: its rate limits count once, and the limit is not
raised. A round is as many replies as the limit; it counts only if at least 80% of the slots were in use. `Retry-After`
delays its own call and never freezes the limit. Pure: the time is an argument.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from core.domain.value import Value

RAISE_BY = 1.05
CUT_TO = 0.8
IN_USE = 0.8
"""Minimum share of the limit in flight for a round to count."""


class Limit(Value):
    """The current limit. `version` counts its changes."""

    now: int
    version: int = 0
    refused: bool = False
    """Whether the provider ever rate-limited a call: growth then continues in small steps."""
    reason: str = ""
    changed_at: datetime | None = None
    cut_at: datetime | None = None


def raise_limit(limit: Limit, ceiling: int, at: datetime) -> Limit:
    """The limit after a clean round; unchanged at the ceiling."""
    if limit.now >= ceiling:
        return limit
    wanted = math.ceil(limit.now * RAISE_BY) if limit.refused else limit.now * 2
    why = "a clean round" if limit.refused else "a clean round, nothing refused so far"
    return _changed(limit, min(ceiling, wanted), why, at)


def cut_limit(limit: Limit, at: datetime) -> Limit:
    """The limit after a rate limit outside a cooldown."""
    lower = max(1, math.floor(limit.now * CUT_TO))
    changed = _changed(limit, lower, "the provider asked to slow down", at)
    return changed.model_copy(update={"refused": True, "cut_at": at})


def in_cooldown(limit: Limit, cooldown_s: float, at: datetime) -> bool:
    return limit.cut_at is not None and (at - limit.cut_at).total_seconds() < cooldown_s


def _changed(limit: Limit, now: int, reason: str, at: datetime) -> Limit:
    changes = {"now": now, "version": limit.version + 1, "reason": reason, "changed_at": at}
    return limit.model_copy(update=changes)


@dataclass(frozen=True)
class Adaptive:
    """Adaptive concurrency settings."""

    on: bool = True
    cooldown_s: float = 15.0
    start: int = 0
    """Initial limit of an account; 0: its ceiling."""

    def first(self, ceiling: int) -> Limit:
        return Limit(now=min(ceiling, self.start) if self.on and self.start else ceiling)


@dataclass
class Rounds:
    """Records the results of this process's calls and proposes the next limit.

    Several processes may share one limit: a proposal applies only to the version that it was made for, so a round that
    all of them finish raises the limit once.
    """

    ceiling: int
    cooldown_s: float
    _version: int = -1
    _replies: int = 0
    _max: int = 0

    def adjust(self, limit: Limit, *, slow_down: bool, in_flight: int, share: int, at: datetime) -> Limit:
        """Return the limit after this call; the same object if it does not change.

        `in_flight` and `share` are this process's calls and its part of the limit, including this call.
        """
        if in_cooldown(limit, self.cooldown_s, at):
            self._begin(limit)
            return limit
        if slow_down:
            self._begin(limit)
            return cut_limit(limit, at)
        if limit.version != self._version:
            self._begin(limit)
        self._replies += 1
        self._max = max(self._max, in_flight)
        if self._replies < share:
            return limit
        in_use = self._max >= IN_USE * share
        self._begin(limit)
        return raise_limit(limit, self.ceiling, at) if in_use else limit

    def _begin(self, limit: Limit) -> None:
        self._version, self._replies, self._max = limit.version, 0, 0
