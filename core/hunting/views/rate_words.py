"""Sentences about rates and forecasts, the same for the page, the API and the command line (docs/statistics.md)."""

from __future__ import annotations

from collections.abc import Sequence

from core.statistics.forecast import MAX_FORECAST_HUNTS, Forecast
from core.statistics.intervals import Interval, Method, range_words

METHODS = {
    Method.WILSON: "Wilson interval",
    Method.CONFIDENCE_SEQUENCE: "confidence sequence",
    Method.JEFFREYS: "Jeffreys interval",
}


UNIFORM_SHARE = (
    "Break rates and forecasts count only the hunts that went to the models in turn: the model of the others was "
    "chosen by earlier outcomes."
)
"""Of runs with adaptive allocation."""
NOT_DRAWN = "model chosen when it begins"
"""In place of the model of a hunt whose model has not been drawn."""


def interval_words(interval: Interval) -> str:
    """Return "in the long run probably 14% to 49% (95% confidence sequence)"."""
    return f"{range_words(interval.low, interval.high)} (95% {METHODS[interval.method]})"


def forecast_words(expected: Forecast, goal: str, costs: Sequence[float | None], *, left: int) -> str:
    """Return "About 12 more hunts for 4 breaks in all (5 to 31 in 8 of 10 cases), at $0.40 ($0.17 to $1.03). The 20
    hunts that are left are enough with a chance of 60%." `goal`: "4 breaks". `costs`: of the median, the low and the
    high number of hunts; hunts that cost nothing have no cost in it."""
    rest = "The hunt that is left is" if left == 1 else f"The {left} hunts that are left are"
    chance = f"{rest} enough with a chance of {_chance(expected.chance)}."
    if expected.hunts is None:
        return f"Probably more than {MAX_FORECAST_HUNTS:,} more hunts for {goal} in all. {chance}"
    unit = "hunt" if expected.hunts == 1 else "hunts"
    high = f"{expected.high:,}" if expected.high is not None else f"more than {MAX_FORECAST_HUNTS:,}"
    typical, low, most = costs
    cost = "" if not typical or low is None else f", at {_dollars(typical)} ({_dollars(low)}{_end(most)})"
    hunts = f"About {expected.hunts:,} more {unit} for {goal} in all ({expected.low:,} to {high} in 8 of 10 cases)"
    return f"{hunts}{cost}. {chance}"


def _chance(chance: float) -> str:
    """No forecast is certain: never 0% or 100%."""
    return "more than 99%" if chance > 0.99 else "less than 1%" if chance < 0.01 else f"{chance:.0%}"


def _end(cost: float | None) -> str:
    return " or more" if cost is None else f" to {_dollars(cost)}"


def _dollars(usd: float) -> str:
    return f"${usd:,.2f}" if usd >= 0.01 else f"${usd:.4f}"
