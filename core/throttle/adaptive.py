"""The limit below the configured ceiling: cut when a provider asks us to slow down, raised again while all is well.

Numbers after Inspect AI's adaptive concurrency: double while nothing was ever refused, then +5 % for each clean round,
×0.8 for each episode of rate limits. An episode lasts for the cooldown: what is refused in it counts once, and nothing
is raised. A round is as many replies as the limit; it counts only when the slots were in use (80 %). `Retry-After`
delays the call that it came for and never freezes the limit. Pure: the time is handed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from core.domain.value import Value

RAISE_BY = 1.05
CUT_TO = 0.8
IN_USE = 0.8
"""A round counts only when so much of the limit was in flight in it."""


class Limit(Value):
    """A limit as it stands. `version` counts its changes."""

    now: int
    version: int = 0
    refused: bool = False
    """Whether a provider ever asked to slow down: growth is then in small steps."""
    reason: str = ""
    changed_at: datetime | None = None
    cut_at: datetime | None = None


def raised(limit: Limit, ceiling: int, at: datetime) -> Limit:
    """After a clean round; the limit itself at the ceiling."""
    if limit.now >= ceiling:
        return limit
    wanted = math.ceil(limit.now * RAISE_BY) if limit.refused else limit.now * 2
    why = "a clean round" if limit.refused else "a clean round, nothing refused so far"
    return _changed(limit, min(ceiling, wanted), why, at)


def cut(limit: Limit, at: datetime) -> Limit:
    """After a rate limit outside a cooldown."""
    lower = max(1, math.floor(limit.now * CUT_TO))
    changed = _changed(limit, lower, "the provider asked to slow down", at)
    return changed.model_copy(update={"refused": True, "cut_at": at})


def cooling(limit: Limit, cooldown_s: float, at: datetime) -> bool:
    return limit.cut_at is not None and (at - limit.cut_at).total_seconds() < cooldown_s


def _changed(limit: Limit, now: int, reason: str, at: datetime) -> Limit:
    changes = {"now": now, "version": limit.version + 1, "reason": reason, "changed_at": at}
    return limit.model_copy(update=changes)


@dataclass(frozen=True)
class Adaptive:
    """Whether limits follow what providers say; from the settings."""

    on: bool = True
    cooldown_s: float = 15.0
    start: int = 0
    """Calls that an account begins with; 0: its ceiling."""

    def first(self, ceiling: int) -> Limit:
        return Limit(now=min(ceiling, self.start) if self.on and self.start else ceiling)


@dataclass
class Rounds:
    """Takes in how this process's calls end, and says what the limit should become.

    Several processes may do so on one limit: a proposal holds only for the version that it was made for, so that a
    round that all of them finish raises the limit once.
    """

    ceiling: int
    cooldown_s: float
    _version: int = -1
    _replies: int = 0
    _most: int = 0

    def note(self, limit: Limit, *, slow_down: bool, in_flight: int, share: int, at: datetime) -> Limit:
        """The limit after this call; the same object when nothing changes.

        `in_flight`, `share`: this process's calls and its part of the limit, this call included.
        """
        if cooling(limit, self.cooldown_s, at):
            self._begin(limit)
            return limit
        if slow_down:
            self._begin(limit)
            return cut(limit, at)
        if limit.version != self._version:
            self._begin(limit)
        self._replies += 1
        self._most = max(self._most, in_flight)
        if self._replies < share:
            return limit
        in_use = self._most >= IN_USE * share
        self._begin(limit)
        return raised(limit, self.ceiling, at) if in_use else limit

    def _begin(self, limit: Limit) -> None:
        self._version, self._replies, self._most = limit.version, 0, 0
