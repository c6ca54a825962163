"""The operations of the robustness report: estimate its cost, start it."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from core.domain.checks import ReportStatus
from core.domain.session import Session
from core.domain.task import refuse_unhuntable
from core.hunting.checks import robustness
from core.hunting.dispatch.base import Dispatcher
from core.hunting.hunts.blind_judging import with_same_task
from core.hunting.hunts.queries import all_hunts
from core.hunting.model_checks import ModelChecks
from core.hunting.orders import RobustnessOrder, RobustnessRequest
from core.hunting.runs.estimate import judging_cost
from core.hunting.views.events import session_event
from core.hunting.views.robustness import RobustnessEstimate
from core.sessions.base import SessionStore


@dataclass(frozen=True)
class RobustnessService:
    store: SessionStore
    dispatcher: Dispatcher
    clock: Clock
    models: ModelChecks
    max_session_bytes: int

    async def estimate(self, sid: str, order: RobustnessRequest) -> RobustnessEstimate:
        """Estimate the report's calls and cost. Raises as starting it does."""
        judge, _ = self.models.check((), order.chosen_judge)
        session, hunts = await self.store.read(sid), await all_hunts(self.store, sid)
        made = robustness.plan(session, hunts, order)
        each = judging_cost(session, hunts, judge, self.models.offers)
        cost = None if each is None else each.times(len(made.hunts) * (len(made.attacks) + 1))
        return {
            "judge_model": judge.model,
            "hunt_ids": [hunt.hunt_id for hunt in made.hunts],
            "attacks": len(made.attacks),
            "calls": made.calls,
            "usd": cost.expected if cost else None,
            "low_usd": cost.low if cost else None,
            "high_usd": cost.high if cost else None,
        }

    async def stop(self, sid: str) -> Session:
        """Stop the running report; its verdicts are kept for the next one."""
        before = await self.store.read(sid)
        session = await self.store.change(
            sid, lambda s: robustness.stopped(s, self.clock.now()), events=lambda s: (session_event(s),)
        )
        if session.robustness.status is not before.robustness.status:  # we stopped it
            await self.dispatcher.stop(robustness.job_key(session))
        return session

    async def start(self, sid: str, order: RobustnessOrder) -> Session:
        """Start a report, or return the session whose report is running or was started with the same idempotency
        key."""
        judge, _ = self.models.check((), order.chosen_judge)
        before = await self.store.read(sid)
        if order.idempotency_key and order.idempotency_key == before.robustness.idempotency_key:
            return before
        refuse_unhuntable(before.task, before.missing_criteria)
        made = robustness.plan(before, await all_hunts(self.store, sid), order)
        if before.robustness.status is not ReportStatus.RUNNING:
            await self.models.refuse_spent(before, (judge.model,))

        def start(session: Session) -> Session:
            same = with_same_task(session, before)
            begun = robustness.begun(same, made, judge, self.clock.now(), order.idempotency_key)
            added = begun.robustness.rough_bytes - session.robustness.rough_bytes
            session.refuse_growth(max(0, added), self.max_session_bytes)
            return begun

        session = await self.store.change(sid, start, events=lambda s: (session_event(s),))
        if session.robustness.started_at != before.robustness.started_at:  # we started it
            await self.dispatcher.submit(robustness.robustness_job(session))
        return session
