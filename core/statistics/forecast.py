"""How many more hunts a run probably needs for its breaks, and what they cost.

With s breaks in n decided hunts and the prior of the confidence sequence, the number of hunts that hold before the
next k breaks has a beta–negative-binomial distribution with r = k, α = a + s, β = b + n − s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, exp, lgamma

from core.statistics.intervals import PRIOR

LOW, MEDIAN, HIGH = 0.1, 0.5, 0.9
"""A forecast's range holds in eight of ten cases: its distribution has a long tail, so 95 % would say little."""
MAX_FORECAST_HUNTS = 10_000
"""Beyond it a forecast says only "more"."""


@dataclass(frozen=True)
class Forecast:
    """Quantiles of the hunts that are still needed; None: more than MAX_FORECAST_HUNTS."""

    wanted: int
    """Breaks still missing."""
    hunts: int | None
    low: int | None
    high: int | None
    hunt_cost_usd: float | None
    """Mean cost of a finished hunt so far; None if no cost is known."""
    chance: float
    """Probability of the wanted breaks within the hunts that are left."""

    def cost_usd(self, hunts: int | None) -> float | None:
        return None if hunts is None or self.hunt_cost_usd is None else hunts * self.hunt_cost_usd


@dataclass(frozen=True)
class Progress:
    """What a forecast starts from."""

    successes: int
    """Breaks (or confirmed breaks) so far."""
    decided: int
    finished: int
    """Decided hunts, and those that ended without an outcome: some of the next will, too."""
    left: int
    """Hunts that have not finished."""
    cost_usd: float | None = None
    """Cost of the finished hunts."""


def forecast(progress: Progress, wanted: int) -> Forecast | None:
    """Return the forecast for `wanted` more breaks; None if none is missing or no hunt is decided yet."""
    if wanted <= 0 or not progress.decided:
        return None
    a, b = PRIOR
    alpha, beta = a + progress.successes, b + progress.decided - progress.successes
    per_decided = progress.finished / progress.decided
    found: dict[float, int | None] = dict.fromkeys((LOW, MEDIAN, HIGH))
    for hunts, below in cumulative(wanted, alpha, beta, MAX_FORECAST_HUNTS):
        for quantile in found:
            if found[quantile] is None and below >= quantile:
                found[quantile] = ceil(hunts * per_decided)
        if found[HIGH] is not None:
            break
    return Forecast(
        wanted=wanted,
        hunts=found[MEDIAN],
        low=found[LOW],
        high=found[HIGH],
        hunt_cost_usd=None if progress.cost_usd is None else progress.cost_usd / progress.finished,
        chance=chance(wanted, alpha, beta, int(progress.left / per_decided)),
    )


def chance(wanted: int, alpha: float, beta: float, hunts: int) -> float:
    """Return the probability that `hunts` decided hunts contain `wanted` breaks."""
    return max((below for _, below in cumulative(wanted, alpha, beta, hunts)), default=0.0)


def cumulative(wanted: int, alpha: float, beta: float, hunts: int) -> Iterator[tuple[int, float]]:
    """Yield (n, probability that n hunts contain the wanted breaks) for n from `wanted` to `hunts`.

    P(X = x) = Γ(k+x)/(Γ(k)·x!) · B(α+k, β+x)/B(α, β), by its ratio of neighbours.
    """
    term = exp(lgamma(alpha + wanted) + lgamma(alpha + beta) - lgamma(alpha) - lgamma(alpha + beta + wanted))
    total = 0.0
    for held in range(max(0, hunts - wanted + 1)):
        total += term
        yield wanted + held, min(1.0, total)
        term *= (wanted + held) * (beta + held) / ((held + 1) * (alpha + beta + wanted + held))
