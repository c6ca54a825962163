"""What a run's counts say: the interval of its break rate, and how many more hunts its breaks need."""

from __future__ import annotations

from core.domain.run import Counts, Run, RunStatus
from core.statistics.forecast import Forecast, Progress, forecast
from core.statistics.intervals import Interval, confidence_sequence, wilson

BREAKS_NEEDED = 4
"""Breaks that a forecast is for without a stop rule that names a number: a task is delivered with four."""


def has_fixed_size(run: Run, counts: Counts) -> bool:
    """Whether the run ended by itself after a number of hunts that was fixed at its start."""
    return run.status is RunStatus.COMPLETED and run.stop.rule == "all" and not counts.cancelled + counts.interrupted


def break_rate_interval(run: Run, counts: Counts) -> Interval | None:
    """Return the 95 % interval of the run's break rate; None without decided hunts (decision records 0101, 0107)."""
    return (wilson if has_fixed_size(run, counts) else confidence_sequence)(counts.rated_broke, counts.rated_decided)


def breaks_needed(run: Run) -> int:
    return run.stop.confirmed_breaks or run.stop.breaks or BREAKS_NEEDED


def goal_words(run: Run) -> str:
    """Return "4 breaks", or "4 confirmed breaks" where the run stops at their number."""
    needed = breaks_needed(run)
    noun = "break" if run.stop.confirmed_breaks is None else "confirmed break"
    return f"{needed} {noun}" if needed == 1 else f"{needed} {noun}s"


def breaks_found(run: Run, counts: Counts) -> int:
    """Return the breaks that count towards `breaks_needed`: confirmed ones where the run stops at their number."""
    return counts.broke if run.stop.confirmed_breaks is None else counts.confirmed


def run_forecast(run: Run, counts: Counts) -> Forecast | None:
    """Return the forecast of a running run; None for others, and when it has its breaks or no decided hunt yet.
    `counts` of a sealed session are without the judge's costs. Of an adaptive run the rate is that of its uniform
    share; what is missing, left and spent counts all hunts."""
    if run.status is not RunStatus.RUNNING or not counts.finished:
        return None
    by_confirmed = run.stop.confirmed_breaks is not None
    spent = None if counts.cost_usd is None else counts.cost_usd * (counts.rated_finished / counts.finished)
    progress = Progress(
        successes=counts.rated_confirmed if by_confirmed else counts.rated_broke,
        decided=counts.rated_decided,
        finished=counts.rated_finished,
        cost_usd=spent,
        left=counts.total - counts.done,
    )
    return forecast(progress, breaks_needed(run) - breaks_found(run, counts))
