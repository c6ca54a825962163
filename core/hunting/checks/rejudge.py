"""Rejudges a reply, on all or some criteria, and keeps the replaced verdicts as history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.clock import Clock
from core.domain.hunt import Hunt, HuntStatus, Judging
from core.domain.run import Run
from core.domain.session import Session
from core.errors import BadInput, Conflict, NotFound
from core.hunting.dispatch.base import Shards
from core.hunting.hunts.blind_judging import judging_rules
from core.hunting.hunts.hunter import BeforeCall, Hunter, at_once
from core.hunting.orders import RejudgeOrder
from core.hunting.records import session_mark
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


def refuse_partial_rejudging(session: Session, hunt: Hunt, run: Run, criterion_ids: Sequence[str]) -> None:
    """Raise if only some criteria would be rejudged while verdicts are sealed: the outcome of old and new verdicts
    together would reveal an old verdict."""
    if not session.sealed or hunt.trial or not criterion_ids:
        return
    if not {c.id for c in run.task.criteria} <= set(criterion_ids):
        raise Conflict(
            "Single criteria cannot be judged again while the judge's verdicts are sealed.",
            hint="Judge the whole reply again (no criterion_ids), or reveal the verdicts first.",
            code="sealed",
        )


def judged_again(hunt: Hunt, run: Run, order: RejudgeOrder, now: datetime) -> Hunt:
    """Return the hunt in status judging. Verdicts to be replaced move to its history; the others stay."""
    asked = set(order.criterion_ids) or {v.criterion_id for v in hunt.verdicts}
    before = hunt.judge_model or run.judge_model
    earlier = Judging(
        at=hunt.finished_at or now,
        judge_model=before,
        outcome=hunt.outcome,
        verdicts=tuple(v for v in hunt.verdicts if v.criterion_id in asked),
    )
    return hunt.model_copy(
        update={
            "status": HuntStatus.JUDGING,
            "outcome": None,
            "error": None,
            "verdicts": tuple(v for v in hunt.verdicts if v.criterion_id not in asked),
            "judged": (*hunt.judged, earlier),
            "judge_model": order.judge_model or before,
            "judging_key": order.idempotency_key,
        }
    )


def job_key(session_id: str, hunt: Hunt) -> str:
    """Return the dispatcher key for this round of rejudging. It includes a hash of the session ID, since an export
    that is loaded again keeps its hunt IDs."""
    return f"judging:{session_mark(session_id)}-{len(hunt.judged)}:{hunt.hunt_id}"


def hunt_of_job(key: str) -> str:
    return key.split(":", 2)[2]


@dataclass(frozen=True)
class Rejudger:
    store: SessionStore
    hunter: Hunter
    clock: Clock
    retry_budget_ratio: float
    outcome_step_s: float = 0.0
    """`blind_outcome_step_s` of HuntingSettings."""

    async def work(self, session_id: str, key: str, shards: Shards) -> None:
        """Judge the hunt of this job, unless another process does. See `judge`."""
        if (whole := await shards.next(0)) is not None:
            try:
                await self.judge(session_id, hunt_of_job(key), lambda: shards.ensure(whole))
            finally:
                await (shards.release() if shards.handing_back else shards.finish(whole))

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

        await self.hunter.conduct(
            hunt,
            run,
            session=session_id,
            budget=RetryBudget(left=10 + int(len(run.task.criteria) * self.retry_budget_ratio)),
            save=save,
            on_reply=lambda: None,
            before_call=before_call,
            history=session.history(run.turn),
            rules=judging_rules(self.store, session, run, self.outcome_step_s),
        )
        await publish_run_with_retry(self.store, self.clock, session_id, run.run_id)
