"""Builds a new run, or rejects it. Pure: the hunting service stores and submits the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from core.domain.checks import CheckStatus, ReferenceCheck, TwoSidedCheck
from core.domain.confirmation import NO_CONFIRM, ConfirmPolicy
from core.domain.criteria import refuse_too_many_criteria
from core.domain.hunt import Hunt
from core.domain.parameters import Target
from core.domain.run import MAX_HUNTS, Run, rotate
from core.domain.session import Session
from core.domain.task import Task, refuse_unhuntable
from core.domain.verdict import Outcome
from core.errors import BadInput, BadTask, Conflict
from core.hunting.orders import JudgeChoice, RunOrder, TargetRequest
from core.settings import HuntingSettings

CUTTING = frozenset({"max_output_tokens", "extra_body"})
"""Parameters that may cut off a judge's answers."""


def known_run(session: Session, order: RunOrder) -> Run | None:
    """Return the run that a request with the same idempotency key started."""
    same = (r for r in session.runs if r.idempotency_key == order.idempotency_key and r.trial == order.trial)
    return next(same, None) if order.idempotency_key else None


def with_new_run(
    session: Session,
    order: RunOrder,
    run_id: str,
    targets: Sequence[Target],
    judge: Target,
    now: datetime,
    *,
    part_hunts: int,
    notes: tuple[str, ...] = (),
    confirm: ConfirmPolicy = NO_CONFIRM,
) -> Session:
    """Return the session with a new run at the end, divided into parts of `part_hunts` hunts. `notes`: about its
    parameters.

    Raises BadTask if the task or its check is not ready.
    """
    refuse_unhuntable(session.task, session.missing_criteria)
    unpassed = _required_checks(session)
    if unpassed and not order.override_check and not order.trial:
        raise unpassed[0]
    run = Run(
        run_id=run_id,
        **rotate(targets),
        allocation=order.allocation,
        shares=order.shares,
        notes=notes,
        hunts=order.hunts,
        judge_model=judge.model,
        judge_parameters=judge.parameters,
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
        confirm=confirm,
        check_overridden=order.override_check and (bool(unpassed) or not session.check.passed_for(session.task)),
    )
    issued = {"trials_issued": session.trials_issued + 1} if order.trial else {}
    issued = issued or {"hunts_issued": session.hunts_issued + order.hunts}
    return session.with_run(run).model_copy(update=issued)


def refuse_confirming_judge(judge: Target, confirm: ConfirmPolicy, *, blind: bool) -> None:
    """Raise BadInput if a confirming judge is the first judge, whose mistakes it would repeat; also if, in a blind
    session, its parameters could leave single verdicts without an answer: the confirmation would reveal which ones the
    first judge failed."""
    if any(other.target == judge.target for other in confirm.judges):
        raise BadInput(
            f"{judge.model} is the judge already, with the same parameters: it would repeat its own mistakes.",
            hint="Confirm with another model.",
            code="same_judge",
        )
    cutting = [one.model for one in confirm.judges if CUTTING & one.parameters.chosen.keys()]
    if blind and cutting:
        raise BadInput(
            f"In a blind session a confirming judge takes no {' or '.join(sorted(CUTTING))}; {cutting[0]} has one.",
            hint="Leave it out, or use an open session.",
            code="sealed",
        )


def refuse_too_many(
    session: Session,
    order: RunOrder,
    called: Iterable[Target],
    limits: HuntingSettings,
    max_session_bytes: int,
) -> None:
    """Raise BadInput if the session has its maximum of runs or trials, or the order asks for too many hunts; BadTask
    if the task (stored under another limit) has too many criteria. `called`: the run's targets and its judge."""
    refuse_too_many_criteria(len(session.task.criteria), limits.max_criteria)
    parameters = {target.target: target.parameters for target in called}
    parameters_bytes = sum(one.rough_bytes for one in parameters.values())
    session.refuse_growth(session.task.rough_bytes + parameters_bytes, max_session_bytes)
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
    """Return the order filled with the targets of the named run's error hunts, one hunt each. Those of an adaptive run
    keep their share."""
    earlier = session.run(order.retry_errors_of)
    if earlier.trial or earlier.turn != session.turn:
        raise Conflict("Only runs of this turn can be retried.", hint="Start a new run.", code="turn_over")
    failed = [h for h in hunts if h.run_id == earlier.run_id and h.outcome is Outcome.ERROR]
    models = tuple(TargetRequest(model=h.model, label=h.label, parameters=h.parameters) for h in failed)
    shares = tuple(h.share for h in failed) if any(h.share for h in failed) else ()
    if not models:
        raise BadInput("No hunt of that run ended with an error.", hint="Start a new run instead.", code="no_errors")
    judge = order.chosen_judge
    if not judge.model:
        parameters = earlier.judge_parameters if order.judge is None else judge.parameters
        judge = JudgeChoice(model=earlier.judge_model, parameters=parameters)
    retried = {"models": models, "hunts": len(models), "shares": shares}
    return order.model_copy(update={**retried, "judge": judge, "judge_model": ""})


def _required_checks(session: Session) -> list[BadTask]:
    """Return an error for each check that the session requires and that has not passed."""
    wanted: list[tuple[bool, ReferenceCheck | TwoSidedCheck, str, str]] = [
        (session.require_check, session.check, "reference check", "check_required"),
        (session.require_two_sided_check, session.two_sided_check, "two-sided check", "two_sided_check_required"),
    ]
    return [
        _check_required(check, session.task, name, code)
        for required, check, name, code in wanted
        if required and not check.passed_for(session.task)
    ]


def _check_required(check: ReferenceCheck | TwoSidedCheck, task: Task, name: str, code: str) -> BadTask:
    state = (
        "is stale"
        if check.stale_for(task)
        else {
            CheckStatus.NONE: "has not been run",
            CheckStatus.RUNNING: "is still running",
        }.get(check.status, "has not passed")
    )
    return BadTask(
        f"The {name} {state}.",
        hint=f"Run the {name} first, or start without it (override_check), which is recorded.",
        code=code,
    )
