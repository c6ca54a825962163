"""The operations of the two-sided check: have edits proposed, write one, have them judged."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from core.domain.checks import CheckStatus
from core.domain.criteria import refuse_too_many_criteria
from core.domain.parameters import Target
from core.domain.session import Session
from core.domain.task import refuse_unhuntable
from core.hunting.checks import propose_edits, two_sided
from core.hunting.dispatch.base import Dispatcher
from core.hunting.hunts.blind_judging import refuse_quoted_replies, with_same_edits, with_same_task
from core.hunting.model_checks import ModelChecks
from core.hunting.orders import CheckOrder, ProposeEditsOrder
from core.hunting.views.events import session_event
from core.sessions.base import SessionStore


@dataclass(frozen=True)
class TwoSidedService:
    store: SessionStore
    dispatcher: Dispatcher
    clock: Clock
    models: ModelChecks
    max_criteria: int
    max_session_bytes: int

    async def propose(self, sid: str, order: ProposeEditsOrder) -> Session:
        """Have a model propose edits, or return the session whose request is running or was made with the same
        idempotency key. Raises BadInput if every criterion has an edit."""
        self.models.catalog.check_parameters(order.model, order.parameters)
        model = Target(model=order.model, parameters=order.parameters)
        before = await self.store.read(sid)
        self._refuse_unready(before)
        known = before.two_sided_check.proposals
        if not order.idempotency_key or order.idempotency_key != known.idempotency_key:
            await refuse_quoted_replies(self.store, before)  # a model that edits a text shows what it fails
            await self.models.refuse_spent(before, (order.model,))

        def request(session: Session) -> Session:
            same = with_same_task(session, before)
            wanted = propose_edits.with_request(same, model, self.clock, order.idempotency_key, order.criterion_ids)
            if wanted is not session:
                self._refuse_growth(session, len(wanted.two_sided_check.proposals.asked))
            return wanted

        session = await self.store.change(sid, request, events=lambda s: (session_event(s),))
        if session.two_sided_check.proposals.started_at != known.started_at:  # we made the request
            if known.running:
                await self.dispatcher.stop(propose_edits.job_key(before))
            await self.dispatcher.submit(propose_edits.edits_job(session))
        return session

    async def write(self, sid: str, criterion_id: str, text: str) -> Session:
        """Save a person's edit for the criterion; an empty text removes the edit."""

        def write(session: Session) -> Session:
            return session.grown(two_sided.with_edit(session, criterion_id, text), self.max_session_bytes)

        return await self.store.change(sid, write, events=lambda s: (session_event(s),))

    async def start(self, sid: str, order: CheckOrder) -> Session:
        """Have the edits judged, or return the session whose check of this task is running or was started with the
        same idempotency key. Raises BadInput if there are no edits."""
        judge, _ = self.models.check((), order.chosen_judge)
        before = await self.store.read(sid)
        self._refuse_unready(before)
        known = before.two_sided_check
        if not order.idempotency_key or order.idempotency_key != known.idempotency_key:
            await refuse_quoted_replies(self.store, before, two_sided.chosen_edits(before, order.criterion_ids))
            await self.models.refuse_spent(before, (judge.model,))
        session = await self.store.change(
            sid,
            lambda s: two_sided.begun(
                with_same_edits(s, before), judge, self.clock, order.idempotency_key, order.criterion_ids
            ),
            events=lambda s: (session_event(s),),
        )
        if session.two_sided_check.started_at != known.started_at:  # we started it
            if known.status is CheckStatus.RUNNING:
                await self.dispatcher.stop(two_sided.job_key(before))
            await self.dispatcher.submit(two_sided.two_sided_job(session))
        return session

    def _refuse_unready(self, session: Session) -> None:
        refuse_unhuntable(session.task, session.missing_criteria)
        refuse_too_many_criteria(len(session.task.criteria), self.max_criteria)

    def _refuse_growth(self, session: Session, edits: int) -> None:
        """Raise TooLarge if so many edits, each about as long as the reference response, do not fit."""
        session.refuse_growth(edits * len(session.task.response), self.max_session_bytes)
