"""95 % intervals of a rate: Wilson's for a number of hunts fixed beforehand, a confidence sequence for all others.

Both count decided hunts (broke + held) only. Without one there is no interval.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from math import inf, lgamma, log, sqrt
from typing import NamedTuple

ALPHA = 0.05
"""One minus the level of every interval."""
Z_95 = 1.959963984540054
"""Standard deviations that cover 95 % of the normal distribution."""
PRIOR = (1.0, 1.0)
"""Beta prior of the confidence sequence: every rate is as likely as any other."""
BISECTIONS = 60
"""Halves an interval of width 1 to below the precision of a float."""


class Method(StrEnum):
    WILSON = "wilson"
    CONFIDENCE_SEQUENCE = "confidence_sequence"
    JEFFREYS = "jeffreys"


class Interval(NamedTuple):
    """A 95 % interval of a rate, from 0 to 1."""

    low: float
    high: float
    method: Method


def wilson(successes: int, trials: int) -> Interval | None:
    """Return Wilson's score interval. It is valid for few trials and for rates of 0 and 1, if `trials` was fixed
    beforehand (Wilson 1927; Brown, Cai and DasGupta 2001)."""
    _check(successes, trials)
    if not trials:
        return None
    share, z2 = successes / trials, Z_95**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    reach = Z_95 / (1 + z2 / trials) * sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return Interval(max(0.0, min(share, middle - reach)), min(1.0, max(share, middle + reach)), Method.WILSON)


@lru_cache(maxsize=4096)
def confidence_sequence(successes: int, trials: int) -> Interval | None:
    """Return the rates p with E_n(p) < 1/α for the Beta-mixture martingale E_n (Robbins 1970; Ville's inequality).

    The intervals of all n hold at once with probability 95 %, so they may be looked at after every hunt and used to
    stop. log E_n(p) = log B(a+s, b+n−s) − log B(a, b) − s·log p − (n−s)·log(1−p) is convex in p and has its minimum at
    the observed share, so each end is found by bisection.
    """
    _check(successes, trials)
    if not trials:
        return None
    a, b = PRIOR
    failures = trials - successes
    limit = _log_beta(a + successes, b + failures) - _log_beta(a, b) + log(ALPHA)

    def inside(rate: float) -> bool:
        return _times_log(successes, rate) + _times_log(failures, 1 - rate) > limit

    share = successes / trials
    low = 0.0 if successes == 0 else _boundary(inside, share, 0.0)
    high = 1.0 if successes == trials else _boundary(inside, share, 1.0)
    return Interval(low, high, Method.CONFIDENCE_SEQUENCE)


def jeffreys(successes: int, trials: int) -> Interval | None:
    """Return the 2.5 % and 97.5 % quantiles of Beta(s + ½, n − s + ½); an end without counter-evidence is 0 or 1.
    For a handful of reviews. Imports scipy: call it in a thread."""
    from scipy.special import betaincinv

    _check(successes, trials)
    if not trials:
        return None
    a, b = successes + 0.5, trials - successes + 0.5
    low = 0.0 if successes == 0 else float(betaincinv(a, b, ALPHA / 2))
    high = 1.0 if successes == trials else float(betaincinv(a, b, 1 - ALPHA / 2))
    return Interval(low, high, Method.JEFFREYS)


def _check(successes: int, trials: int) -> None:
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is not a share")


def _boundary(inside: Callable[[float], bool], within: float, without: float) -> float:
    """Return the end of the interval between a rate within and a rate without it."""
    for _ in range(BISECTIONS):
        middle = (within + without) / 2
        within, without = (middle, without) if inside(middle) else (within, middle)
    return within


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _times_log(count: int, value: float) -> float:
    """Return count·log(value), with 0·log 0 = 0."""
    if count == 0:
        return 0.0
    return count * log(value) if value > 0 else -inf


def range_words(low: float, high: float) -> str:
    """Return "in the long run probably 14% to 49%": an interval in words that need no statistics."""
    return f"in the long run probably {low:.0%} to {high:.0%}"
