"""The JSON of runs and their counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from core.domain.ids import is_simulated
from core.domain.redaction import redact_cost
from core.domain.run import Counts, Run, RunStatus
from core.hunting.run_plan import eta_s


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
    done: int
    break_rate: float | None
    """Over decided hunts (broke and held); null if there are none."""


class RunView(TypedDict):
    """A run with its counts."""

    run_id: str
    status: RunStatus
    turn: int
    hunts: int
    models: list[str]
    judge_model: str
    first_number: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    simulated: bool
    stop: dict[str, Any]
    """The stop rule: {"rule": "all"}, {"rule": "breaks", "breaks"} or {"rule": "cost", "cost_usd"}."""
    stop_reason: str
    retry_of: str | None
    """The run whose failed hunts this run retries."""
    check_overridden: bool
    task_hash: str
    counts: CountsView
    eta_s: float | None


def run_view(run: Run, counts: Counts, now: datetime, *, sealed: bool) -> RunView:
    return {
        "run_id": run.run_id,
        "status": run.status,
        "turn": run.turn,
        "hunts": run.hunts,
        "models": list(dict.fromkeys(run.models)),
        "judge_model": run.judge_model,
        "first_number": run.first_number,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "simulated": any(is_simulated(model) for model in (*run.models, run.judge_model)),
        "stop": run.stop.model_dump(exclude_none=True),
        "stop_reason": redact_cost(run.stop_reason) if sealed else run.stop_reason,
        "retry_of": run.retry_of or None,
        "check_overridden": run.check_overridden,
        "task_hash": run.task.content_hash(),
        "counts": counts_view(counts, sealed=sealed),
        "eta_s": eta_s(run, counts, now),
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
        "done": shown.done,
        "break_rate": shown.break_rate,
    }
