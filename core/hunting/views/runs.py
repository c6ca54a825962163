"""The JSON of runs and their counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Required, cast

from typing_extensions import TypedDict

from core.domain.allocation import Allocation
from core.domain.confirmation import ConfirmPolicy, Policy
from core.domain.hunt import CacheUse
from core.domain.ids import is_simulated
from core.domain.rates import break_rate_interval, breaks_needed, goal_words, run_forecast
from core.domain.run import Counts, Run, RunStatus
from core.domain.stop_rule import StopRule
from core.domain.task import Task
from core.domain.verdict_redaction import redact_cost
from core.hunting.run_plan import eta_s
from core.hunting.views.rate_words import UNIFORM_SHARE, forecast_words
from core.hunting.views.targets import TargetView, target_view
from core.statistics.intervals import Interval, Method


class CountsView(TypedDict):
    total: int
    queued: int
    calling: int
    judging: int
    broke: int
    held: int
    undetermined: int
    error: int
    cancelled: int
    interrupted: int
    cost_usd: float | None
    """Targets and judge; while sealed, targets only."""
    judge_cost_usd: float | None
    """null while sealed."""
    replies: int
    """Hunts that count as attempts."""
    unknown_costs: int
    """Finished calls of unknown cost; while sealed, target calls only."""
    target_cache: CacheUse
    judge_cache: CacheUse | None
    """null while sealed."""
    confirmed: int
    """Breaks that every other judge that was asked confirms."""
    contested: int
    """Breaks that another judge contests."""
    refuted: int
    """Breaks that a person's review refutes, in neither of the two; 0 while sealed."""
    done: int
    break_rate: float | None
    """Over decided hunts (broke and held), of an adaptive run over its uniform share; null if there are none."""
    rated_broke: int
    """Breaks that the break rate counts; with adaptive allocation those of the uniform share."""
    rated_decided: int
    """Decided hunts that the break rate counts."""


class StopView(TypedDict, total=False):
    """A stop rule: its name (`all`; that of its only limit, `cost` for `cost_usd`; `any`: several), and its limits."""

    rule: Required[str]
    breaks: int
    confirmed_breaks: int
    cost_usd: float
    futility: float


class IntervalView(TypedDict):
    """A 95 % interval of a rate."""

    low: float
    high: float
    method: Method


class ForecastView(TypedDict):
    """How many more hunts the breaks probably need. Numbers beyond 10,000 hunts are null."""

    breaks: int
    """The number that is wanted in all: the stop rule's, or 4."""
    hunts: int | None
    """Half of such runs need at most this many more; eight of ten need between `low` and `high`."""
    low: int | None
    high: int | None
    cost_usd: float | None
    """null if no cost is known; while sealed, of target calls only."""
    cost_low_usd: float | None
    cost_high_usd: float | None
    chance: float
    """Probability that the hunts which are left are enough."""
    words: str


class JudgeView(TypedDict):
    model: str
    parameters: dict[str, Any]


class ConfirmView(TypedDict):
    """The second opinions that a run asks for."""

    policy: Policy
    judges: list[JudgeView]
    max_extra_calls: int


class RunView(TypedDict):
    """A run with its counts."""

    run_id: str
    status: RunStatus
    turn: int
    hunts: int
    models: list[str]
    targets: list[TargetView]
    """The run's entries: each model with its parameters. A long system prompt is shortened, but for a single run."""
    allocation: Allocation
    """even: hunts in rotation. adaptive: most hunts get their model when they begin."""
    rate_note: str
    """Which hunts the break rate counts, in words; empty: all decided ones."""
    notes: tuple[str, ...]
    """Parameters that a provider may ignore."""
    judge_model: str
    judge_parameters: dict[str, Any]
    confirm: ConfirmView
    first_number: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    simulated: bool
    stop: StopView
    stop_reason: str
    retry_of: str | None
    """The run whose failed hunts this run retries."""
    check_overridden: bool
    task_hash: str
    counts: CountsView
    break_rate_interval: IntervalView | None
    """null without decided hunts."""
    forecast: ForecastView | None
    """Of a running run, until it has its breaks."""
    eta_s: float | None


def run_view(
    run: Run,
    counts: Counts,
    now: datetime,
    *,
    sealed: bool,
    texts: bool = False,
    task_hash: Callable[[Task], str] = Task.content_hash,
) -> RunView:
    """`texts`: with whole system prompts."""
    return {
        "run_id": run.run_id,
        "status": run.status,
        "turn": run.turn,
        "hunts": run.hunts,
        "models": list(dict.fromkeys(run.models)),
        "targets": [target_view(target, texts=texts) for target in run.entries],
        "allocation": run.allocation,
        "rate_note": rate_note(run),
        "notes": run.notes,
        "judge_model": run.judge_model,
        "judge_parameters": run.judge_parameters.chosen,
        "confirm": confirm_view(run.confirm),
        "first_number": run.first_number,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "simulated": any(is_simulated(model) for model in (*run.models, run.judge_model)),
        "stop": stop_view(run.stop),
        "stop_reason": redact_cost(run.stop_reason) if sealed else run.stop_reason,
        "retry_of": run.retry_of or None,
        "check_overridden": run.check_overridden,
        "task_hash": task_hash(run.task),
        "counts": counts_view(counts, sealed=sealed),
        "break_rate_interval": interval_view(break_rate_interval(run, counts)),
        "forecast": forecast_view(run, counts, sealed=sealed),
        "eta_s": eta_s(run, counts, now),
    }


def rate_note(run: Run) -> str:
    """Return which hunts the run's break rate counts; "" for all decided ones."""
    return UNIFORM_SHARE if run.is_adaptive or "adaptive" in run.shares else ""


def stop_view(stop: StopRule) -> StopView:
    return cast("StopView", {"rule": stop.rule, **stop.limits})


def interval_view(interval: Interval | None) -> IntervalView | None:
    return None if interval is None else cast("IntervalView", interval._asdict())


def forecast_view(run: Run, counts: Counts, *, sealed: bool) -> ForecastView | None:
    """`sealed`: costs are of target calls only."""
    expected = run_forecast(run, counts.without_judge() if sealed else counts)
    if expected is None:
        return None
    costs = [expected.cost_usd(hunts) for hunts in (expected.hunts, expected.low, expected.high)]
    return {
        "breaks": breaks_needed(run),
        "hunts": expected.hunts,
        "low": expected.low,
        "high": expected.high,
        "cost_usd": costs[0],
        "cost_low_usd": costs[1],
        "cost_high_usd": costs[2],
        "chance": expected.chance,
        "words": forecast_words(expected, goal_words(run), costs, left=counts.total - counts.done),
    }


def confirm_view(confirm: ConfirmPolicy) -> ConfirmView:
    return {
        "policy": confirm.policy,
        "judges": [{"model": judge.model, "parameters": judge.parameters.chosen} for judge in confirm.judges],
        "max_extra_calls": confirm.max_extra_calls,
    }


def counts_view(counts: Counts, *, sealed: bool) -> CountsView:
    """`sealed`: costs are of target calls only, since judge costs depend on the verdicts."""
    shown = counts.without_judge() if sealed else counts
    return {
        "total": shown.total,
        "queued": shown.queued,
        "calling": shown.calling,
        "judging": shown.judging,
        "broke": shown.broke,
        "held": shown.held,
        "undetermined": shown.undetermined,
        "error": shown.error,
        "cancelled": shown.cancelled,
        "interrupted": shown.interrupted,
        "cost_usd": shown.cost_usd,
        "judge_cost_usd": shown.judge_cost_usd,
        "replies": shown.replies,
        "unknown_costs": shown.unknown_costs,
        "target_cache": shown.target_cache,
        "judge_cache": None if sealed else shown.judge_cache,
        "confirmed": shown.confirmed,
        "contested": shown.contested,
        "refuted": shown.refuted,
        "done": shown.done,
        "break_rate": shown.break_rate,
        "rated_broke": shown.rated_broke,
        "rated_decided": shown.rated_decided,
    }
