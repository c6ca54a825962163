"""Second opinions on stored replies, on request."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from core.domain.confirmation import ConfirmPolicy
from core.domain.hunt import Hunt
from core.domain.run import RUN_ENDED, Run
from core.domain.session import Session
from core.errors import Conflict
from core.hunting.checks.confirm import REQUESTED, ConfirmChoice, choose, confirming_job
from core.hunting.dispatch.base import Dispatcher
from core.hunting.hunts.second_opinions import extra_calls, with_opinions
from core.hunting.orders import ConfirmOrder
from core.hunting.runs.start import refuse_confirming_judge
from core.hunting.service import HuntingService
from core.hunting.views.events import hunt_events
from core.sessions.base import Saved, SessionStore


@dataclass(frozen=True)
class ConfirmService:
    store: SessionStore
    dispatcher: Dispatcher
    clock: Clock
    hunting: HuntingService
    """Knows the judges and the budgets."""

    async def confirm(self, sid: str, order: ConfirmOrder) -> dict[str, str]:
        """Ask other judges about hunts' replies. Outcomes do not change. Returns why hunts are left out, by ID.

        Raises NotFound for an unknown hunt, and Conflict while a run asks for second opinions on one.
        """
        session, confirm = await self.store.read(sid), ConfirmPolicy(policy=order.policy, judges=order.targets)
        found = {hid: await self.hunting.hunt_and_run(session, hid) for hid in order.hunt_ids}
        for judge in confirm.judges:
            self.hunting.catalog.check_parameters(judge.model, judge.parameters, "judge")
        for run, hunt in found.values():
            refuse_confirming_judge(run.judge_of(hunt), confirm, blind=session.sealed)
            _refuse_confirming_run(run)
        await self.hunting.refuse_spent(session, (one.model for one in confirm.judges))
        skipped, left = {}, order.max_extra_calls
        for hid, (run, hunt) in found.items():
            choice = choose(hunt, run, order)
            criteria, judges = len(choice.criteria), len(choice.judges)
            calls = extra_calls(criteria, judges, len(run.task.criteria), sealed=session.sealed)
            if choice.skipped or calls > left:
                skipped[hid] = choice.skipped or f"It would exceed the {order.max_extra_calls} extra calls."
                continue
            left -= calls
            if not await self._ask(session, run, hunt, choice, order):
                skipped[hid] = "The hunt has changed since the request: ask again."
        return skipped

    async def _ask(self, session: Session, run: Run, hunt: Hunt, choice: ConfirmChoice, order: ConfirmOrder) -> bool:
        """Save that the judges are asked, and have them asked. False if the hunt changed meanwhile."""
        sid = session.session_id
        if not choice.resumes:
            key = order.idempotency_key or REQUESTED
            hunt = with_opinions(hunt, run, choice.judges, choice.criteria, self.clock.now(), key)
            if await self.store.save_hunt(sid, hunt, hunt_events(hunt, sealed=session.sealed)) is not Saved.KEPT:
                return False
        await self.dispatcher.submit(confirming_job(sid, hunt))
        return True


def _refuse_confirming_run(run: Run) -> None:
    """Raise Conflict if the run still asks for second opinions itself."""
    if run.confirm.asks and run.status not in RUN_ENDED:
        raise Conflict(
            f"Run {run.run_id} asks for second opinions itself.",
            hint="Wait until it has ended.",
            code="run_active",
        )
