"""Rejudges a reply, on all or some criteria, and keeps the replaced verdicts as history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.clock import Clock
from core.domain.confirmation import Confirmation
from core.domain.hunt import Hunt, HuntStatus, Judging
from core.domain.parameters import is_default
from core.domain.run import Run
from core.domain.session import Session
from core.errors import BadInput, Conflict, NotFound
from core.hunting.dispatch.base import Job, JobKind, PartClaims
from core.hunting.hunts.blind_judging import judging_rules
from core.hunting.hunts.hunter import BeforeCall, Hunter, at_once
from core.hunting.orders import RejudgeOrder
from core.hunting.records import WriteRecord, session_mark, verdict_records
from core.hunting.runs.publish import publish_run_with_retry
from core.hunting.views.events import hunt_events
from core.providers.base import RetryBudget
from core.sessions.base import SessionStore


def refuse_rejudging(session: Session, hunt: Hunt, maximum: int) -> None:
    """Raise if this hunt cannot be judged again: it is unfinished, has no judgeable reply, or is locked."""
    if hunt.reply is None or hunt.status is not HuntStatus.DONE:
        raise BadInput(
            "There is no finished reply to judge again.",
            hint="Wait until the hunt is done. To retry a hunt that ended without a reply, start a new run.",
            code="nothing_to_judge",
        )
    if hunt.stopped:
        raise BadInput(
            "This reply was stopped while it was written, so it cannot be judged.",
            hint="Start a new run for a complete reply.",
            code="stopped",
        )
    if hunt.cut_off and not session.run(hunt.run_id).judge_cut_replies:
        raise BadInput(
            "This reply was cut off at its output limit, and this run does not judge cut replies.",
            hint="Raise the output limit and hunt again, or open a session with judge_cut_replies.",
            code="output_limit",
        )
    if session.revealed_at is not None and hunt.hunt_id in session.selection.hunt_ids:
        raise Conflict(
            "This hunt is locked: its verdicts were revealed.",
            hint="Selected hunts cannot change after reveal.",
            code="revealed",
        )
    if hunt.turn != session.turn:
        raise Conflict("This hunt belongs to an earlier turn, which is read-only.", hint="", code="turn_over")
    if len(hunt.judged) >= maximum:
        raise BadInput(
            f"This hunt has already been judged again {len(hunt.judged)} times.",
            hint="Make the criteria clearer instead.",
            code="judged_often",
        )


def refuse_partial_rejudging(session: Session, hunt: Hunt, run: Run, order: RejudgeOrder) -> None:
    """Raise if only some criteria would be rejudged while verdicts are sealed: the outcome of old and new verdicts
    together would reveal an old verdict. So would parameters that leave some criteria without a verdict."""
    if not session.sealed or hunt.trial:
        return
    chosen, criterion_ids = order.chosen_judge.parameters, order.criterion_ids
    if not is_default(chosen) and chosen != run.judge_of(hunt).parameters:
        raise Conflict(
            "A reply is not judged again with other parameters while the judge's verdicts are sealed.",
            hint="Leave out the judge's parameters, or reveal the verdicts first.",
            code="sealed",
        )
    if criterion_ids and not {c.id for c in run.task.criteria} <= set(criterion_ids):
        raise Conflict(
            "Single criteria cannot be judged again while the judge's verdicts are sealed.",
            hint="Judge the whole reply again (no criterion_ids), or reveal the verdicts first.",
            code="sealed",
        )


def judged_again(hunt: Hunt, run: Run, order: RejudgeOrder, now: datetime) -> Hunt:
    """Return the hunt in status judging. Verdicts to be replaced move to its history; the others stay."""
    asked = set(order.criterion_ids) or {v.criterion_id for v in hunt.verdicts}
    before, chosen = run.judge_of(hunt), order.chosen_judge
    earlier = Judging(
        at=hunt.finished_at or now,
        judge_model=before.model,
        judge_parameters=before.parameters,
        outcome=hunt.outcome,
        verdicts=tuple(v for v in hunt.verdicts if v.criterion_id in asked),
        opinions=hunt.opinions,
        confirmation=hunt.confirmation,
    )
    return hunt.model_copy(
        update={
            "status": HuntStatus.JUDGING,
            "outcome": None,
            "error": None,
            "verdicts": tuple(v for v in hunt.verdicts if v.criterion_id not in asked),
            "judged": (*hunt.judged, earlier),
            "judge_model": chosen.model or before.model,
            "judge_parameters": chosen.parameters if chosen.model or order.judge else before.parameters,
            "judging_key": order.idempotency_key,
            "opinions": (),
            "confirmation": Confirmation.UNCONFIRMED,
        }
    )


def job_key(session_id: str, hunt: Hunt) -> str:
    """Return the dispatcher key for this round of rejudging. It includes a hash of the session ID, since an export
    that is loaded again keeps its hunt IDs."""
    return f"judging:{session_mark(session_id)}-{len(hunt.judged)}:{hunt.hunt_id}"


def judging_job(session_id: str, hunt: Hunt) -> Job:
    chosen = not is_default(hunt.judge_parameters)
    return Job(JobKind.JUDGING, session_id, job_key(session_id, hunt), chosen)


def hunt_of_job(key: str) -> str:
    return key.split(":", 2)[2]


@dataclass(frozen=True)
class Rejudger:
    store: SessionStore
    hunter: Hunter
    clock: Clock
    write_record: WriteRecord
    retry_budget_ratio: float
    outcome_step_s: float = 0.0
    """`blind_outcome_step_s` of HuntingSettings."""

    async def work(self, session_id: str, key: str, claims: PartClaims) -> None:
        """Judge the hunt of this job, unless another process does. See `judge`."""
        await claims.work_alone(lambda whole: self.judge(session_id, hunt_of_job(key), lambda: claims.ensure(whole)))

    async def judge(self, session_id: str, hunt_id: str, before_call: BeforeCall = at_once) -> None:
        """Judge the missing criteria and decide the outcome. Safe to repeat: existing verdicts stay.

        Returns silently if the session is deleted or expires.
        """
        try:
            await self._judge(session_id, hunt_id, before_call)
        except NotFound:
            return  # the session was deleted or expired

    async def _judge(self, session_id: str, hunt_id: str, before_call: BeforeCall) -> None:
        session = await self.store.read(session_id)
        hunt = await self.store.hunt(session_id, hunt_id)
        run = session.run(hunt.run_id)
        if hunt.status is not HuntStatus.JUDGING or not hunt.judged:
            return

        async def save(state: Hunt) -> None:
            sealed = (await self.store.read(session_id)).sealed  # a reveal may happen at any time
            await self.store.save_hunt(session_id, state, hunt_events(state, sealed=sealed))

        ended = await self.hunter.conduct(
            hunt,
            run,
            session=session_id,
            user=session.owner,
            budget=RetryBudget(left=10 + int(len(run.task.criteria) * self.retry_budget_ratio)),
            save=save,
            on_reply=lambda: None,
            before_call=before_call,
            history=session.history(run.turn),
            rules=judging_rules(self.store, session, run, self.outcome_step_s),
        )
        if not ended.trial:
            replaced = {verdict.criterion_id for verdict in ended.judged[-1].verdicts}
            new = [verdict for verdict in ended.verdicts if verdict.criterion_id in replaced]
            for record in verdict_records(session, run, ended, new, source="again", judge=run.judge_of(ended)):
                self.write_record(record)
        await publish_run_with_retry(self.store, self.clock, session_id, run.run_id)
