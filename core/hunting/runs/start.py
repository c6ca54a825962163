"""Builds a new run, or rejects it. Pure: the hunting service stores and submits the run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.domain.criteria import refuse_too_many_criteria
from core.domain.hunt import Hunt
from core.domain.run import MAX_HUNTS, Run
from core.domain.session import CheckStatus, Session
from core.domain.task import refuse_unhuntable
from core.domain.verdict import Outcome
from core.errors import BadInput, BadTask, Conflict
from core.hunting.orders import RunOrder
from core.settings import HuntingSettings


def known_run(session: Session, order: RunOrder) -> Run | None:
    """Return the run that a request with the same idempotency key started."""
    same = (r for r in session.runs if r.idempotency_key == order.idempotency_key and r.trial == order.trial)
    return next(same, None) if order.idempotency_key else None


def with_new_run(
    session: Session, order: RunOrder, run_id: str, judge: str, now: datetime, *, part_hunts: int
) -> Session:
    """Return the session with a new run at the end, divided into parts of `part_hunts` hunts.

    Raises BadTask if the task or its check is not ready.
    """
    refuse_unhuntable(session.task, session.missing_criteria)
    checked = session.check.passed_for(session.task)
    if session.require_check and not checked and not order.override_check and not order.trial:
        raise _check_required(session)
    run = Run(
        run_id=run_id,
        models=order.models,
        hunts=order.hunts,
        judge_model=judge,
        task=session.task,
        first_number=-(session.trials_issued + 1) if order.trial else session.hunts_issued + 1,
        trial=order.trial,
        turn=session.turn,
        stop=order.stop,
        judge_cut_replies=session.judge_cut_replies,
        part_hunts=part_hunts,
        retry_of=order.retry_errors_of,
        created_at=now,
        idempotency_key=order.idempotency_key,
        check_overridden=order.override_check and not checked,
    )
    issued = {"trials_issued": session.trials_issued + 1} if order.trial else {}
    issued = issued or {"hunts_issued": session.hunts_issued + order.hunts}
    return session.with_run(run).model_copy(update=issued)


def refuse_too_many(session: Session, order: RunOrder, limits: HuntingSettings, max_session_bytes: int) -> None:
    """Raise BadInput if the session has its maximum of runs or trials, or the order asks for too many hunts; BadTask
    if the task (stored under another limit) has too many criteria."""
    refuse_too_many_criteria(len(session.task.criteria), limits.max_criteria)
    session.refuse_growth(session.task.rough_bytes, max_session_bytes)
    if order.hunts > limits.max_hunts_per_run:
        raised = "" if limits.max_hunts_per_run == MAX_HUNTS else ", or raise MAX_HUNTS_PER_RUN"
        raise BadInput(
            f"A run has at most {limits.max_hunts_per_run} hunts; got {order.hunts}.",
            hint=f"Start several runs{raised}.",
        )
    same = sum(run.trial == order.trial for run in session.runs)
    if order.trial and same >= limits.max_trials:
        raise BadInput(f"A session has at most {limits.max_trials} trials.", hint="Start a run.")
    if not order.trial and same >= limits.max_runs:
        raise BadInput(f"A session has at most {limits.max_runs} runs.", hint="Open a new session.")


def retrying(session: Session, order: RunOrder, hunts: Sequence[Hunt]) -> RunOrder:
    """Return the order filled with the models of the named run's error hunts, one hunt each."""
    earlier = session.run(order.retry_errors_of)
    if earlier.trial or earlier.turn != session.turn:
        raise Conflict("Only runs of this turn can be retried.", hint="Start a new run.", code="turn_over")
    models = tuple(h.model for h in hunts if h.run_id == earlier.run_id and h.outcome is Outcome.ERROR)
    if not models:
        raise BadInput("No hunt of that run ended with an error.", hint="Start a new run instead.", code="no_errors")
    judge = order.judge_model or earlier.judge_model
    return order.model_copy(update={"models": models, "hunts": len(models), "judge_model": judge})


def _check_required(session: Session) -> BadTask:
    state = (
        "is stale"
        if session.check.stale_for(session.task)
        else {
            CheckStatus.NONE: "has not been run",
            CheckStatus.RUNNING: "is still running",
        }.get(session.check.status, "has not passed")
    )
    return BadTask(
        f"The reference check {state}.",
        hint="Run the reference check first, or start without it (override_check), which is recorded.",
        code="check_required",
    )
