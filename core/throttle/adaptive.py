"""The adaptive limit below the configured ceiling: cut on rate limits, raised again after clean rounds.

The numbers follow Inspect AI's adaptive concurrency: double until the first rate limit, then +5% per clean round and
×0.8 per episode of rate limits. An episode lasts for the cooldown: its rate limits count once, and the limit is not
raised. A round is as many replies as the limit; it counts only if at least 80% of the slots were in use. `Retry-After`
delays its own call and never freezes the limit. Pure: the time is an argument.

Some providers refuse a share of all calls whatever the load. A cut that does not make refusals rarer is taken back, and
they then cut only when they become clearly more frequent (`core/throttle/refusals.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.domain.value import Value
from core.throttle.refusals import MIN_REPLIES, CutEffect, RefusalSample, compare

RAISE_BY = 1.05
CUT_TO = 0.8
IN_USE = 0.8
"""Minimum share of the limit in flight for a round to count."""
INDEPENDENT_S = 600.0
"""Seconds until it is tested again whether the refusals depend on the load."""


class Limit(Value):
    """The current limit. `version` counts its changes. Releases may share it: fields have defaults."""

    now: int
    version: int = 0
    refused: bool = False
    """Whether the provider ever rate-limited a call: growth then continues in small steps."""
    reason: str = ""
    changed_at: datetime | None = None
    cut_at: datetime | None = None
    cut_from: int = 0
    """The limit before the cut that made this one; 0 if something else did."""
    cut_helped: bool = False
    """Whether a cut made refusals rarer: the next one cuts at once."""
    independent_share: float = 0.0
    """Share of the calls that the provider refuses whatever the load; known until `independent_until`."""
    independent_until: datetime | None = None


def raise_limit(limit: Limit, ceiling: int, at: datetime) -> Limit:
    """The limit after a clean round; unchanged at the ceiling."""
    if limit.now >= ceiling:
        return limit
    wanted = math.ceil(limit.now * RAISE_BY) if limit.refused else limit.now * 2
    why = "a clean round" if limit.refused else "a clean round, nothing refused so far"
    return _changed(limit, min(ceiling, wanted), why, at)


def cut_limit(limit: Limit, ceiling: int, at: datetime) -> Limit:
    """The limit after rate limits outside a cooldown."""
    before = min(limit.now, ceiling)
    lower = max(1, math.floor(before * CUT_TO))
    changes = {"refused": True, "cut_at": at, "cut_from": before, "independent_share": 0.0, "independent_until": None}
    return _changed(limit, lower, "the provider asked to slow down", at).model_copy(update=changes)


def take_back_cut(limit: Limit, share: float, at: datetime) -> Limit:
    """The limit before the last cut, because the provider refuses this share of the calls whatever the load."""
    why = f"the provider refuses {share:.0%} of the calls whatever the load"
    until = at + timedelta(seconds=INDEPENDENT_S)
    changes = {"cut_at": None, "cut_helped": False, "independent_share": share, "independent_until": until}
    return _changed(limit, limit.cut_from, why, at).model_copy(update=changes)


def in_cooldown(limit: Limit, cooldown_s: float, at: datetime) -> bool:
    return limit.cut_at is not None and (at - limit.cut_at).total_seconds() < cooldown_s


def _changed(limit: Limit, now: int, reason: str, at: datetime) -> Limit:
    changes = {"now": now, "version": limit.version + 1, "reason": reason, "changed_at": at, "cut_from": 0}
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
    all of them finish raises the limit once. Each of them compares its own calls before and after a cut.
    """

    ceiling: int
    cooldown_s: float
    _version: int = -1
    _replies: int = 0
    _max: int = 0
    _before: RefusalSample | None = None
    """The calls before the cut that made this version."""
    _uncounted: int = 0
    """Calls in flight at the cut that are not counted."""
    _helped: bool = False
    """Whether that cut made refusals rarer."""
    _sample: RefusalSample = field(default_factory=RefusalSample)

    def is_quiet(self, limit: Limit) -> bool:
        """Whether a reply changes nothing: at the ceiling, without refusals to compare."""
        return limit.now >= self.ceiling and not self._sample.refused

    def adjust(self, limit: Limit, *, slow_down: bool, in_flight: int, share: int, at: datetime) -> Limit:
        """Return the limit after this call; the same object if it does not change.

        `in_flight` and `share` are this process's calls and its part of the limit, including this call.
        """
        if limit.version != self._version:
            self._begin(limit, in_flight)
        self._count(slow_down, in_flight)
        effect = compare(self._before, self._sample) if limit.cut_from > limit.now else CutEffect.UNKNOWN
        if self._sample.is_full:
            self._helped |= effect is CutEffect.LOAD
        if effect is CutEffect.INDEPENDENT and self._before:
            return take_back_cut(limit, self._before.share_with(self._sample), at)
        independent = limit.independent_until is not None and at < limit.independent_until
        if in_cooldown(limit, self.cooldown_s, at) or (slow_down and not independent):
            self._replies = self._max = 0
        if in_cooldown(limit, self.cooldown_s, at):
            return limit
        if slow_down:
            known_share = limit.independent_share if independent else 0.0
            at_once = limit.cut_helped and not limit.cut_from and not independent
            cut = at_once or self._sample.shows_overload(in_flight, known_share)
            return cut_limit(limit, self.ceiling, at).model_copy(update={"cut_helped": at_once}) if cut else limit
        raised = self._finish_round(limit, in_flight, share, at)
        if raised is not limit and (self._helped or effect is CutEffect.LOAD):
            return raised.model_copy(update={"cut_helped": True})
        return raised

    def _finish_round(self, limit: Limit, in_flight: int, share: int, at: datetime) -> Limit:
        self._replies += 1
        self._max = max(self._max, in_flight)
        if self._replies < share:
            return limit
        in_use = self._max >= IN_USE * share
        self._replies = self._max = 0
        return raise_limit(limit, self.ceiling, at) if in_use else limit

    def _count(self, slow_down: bool, in_flight: int) -> None:
        if self._uncounted:
            self._uncounted -= 1
            return
        if self._sample.is_full:
            self._sample, self._before = RefusalSample(), None
        if slow_down or self._sample.refused or self._before:
            self._sample.add(slow_down, in_flight)

    def _begin(self, limit: Limit, in_flight: int) -> None:
        self._before = self._sample if limit.cut_from else None
        self._uncounted = max(0, in_flight - MIN_REPLIES) if limit.cut_from else 0
        self._version, self._replies, self._max = limit.version, 0, 0
        self._sample, self._helped = RefusalSample(), False
