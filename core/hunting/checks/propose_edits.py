"""Has a model propose violating edits of the reference response: one call per criterion, each saved when it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from core.clock import Clock, not_before
from core.domain.chat import Message, Reply
from core.domain.checks import EditProposals, TwoSidedCheck, ViolatingEdit
from core.domain.criteria import Criterion
from core.domain.parameters import Target
from core.domain.session import Session
from core.errors import BadInput, HunterError, NotFound, Superseded
from core.hunting.checks.reference_check import begun_after, refuse_unknown_criteria
from core.hunting.checks.settle import settle
from core.hunting.checks.two_sided import fresh_edits, with_check
from core.hunting.dispatch.base import Job, JobKind, PartClaims
from core.hunting.hunts.hunter import BeforeCall
from core.hunting.records import session_mark
from core.hunting.views.events import session_event
from core.judge.concurrent import run_all
from core.judge.edit_proposal import (
    BY_HAND,
    EDIT_SCHEMA,
    EditAnswer,
    problem_of,
    proposal_messages,
    read_proposal,
    retry_messages,
)
from core.judge.judge import ModelResolver
from core.providers.base import CallContext, ChatRequest, Provider
from core.sessions.base import SessionStore
from core.settings import CallSettings

LONG_ANSWER_CHARS = 32_000
"""Longer answers are read outside the event loop."""


def criteria_to_edit(session: Session, criterion_ids: Sequence[str]) -> tuple[str, ...]:
    """The given criteria, or all without an edit of the current task. Raises BadInput if there are none."""
    refuse_unknown_criteria(session.task, criterion_ids)
    there = {one.criterion_id for one in fresh_edits(session)}
    wanted = tuple(
        c.id for c in session.task.criteria if (c.id in criterion_ids if criterion_ids else c.id not in there)
    )
    if not wanted:
        raise BadInput(
            "Every criterion has an edit.",
            hint="Name the criteria whose edits to replace in criterion_ids.",
            code="nothing_to_propose",
        )
    return wanted


def with_request(
    session: Session, model: Target, clock: Clock, idempotency_key: str = "", criterion_ids: Sequence[str] = ()
) -> Session:
    """Return the session with a request for edits. The session is unchanged if a request about this task is running,
    or if the same idempotency key made the existing one."""
    before, task_hash = session.two_sided_check.proposals, session.task.content_hash()
    running = before.running and before.task_hash == task_hash
    if running or (idempotency_key != "" and before.idempotency_key == idempotency_key):
        return session
    proposals = EditProposals(
        running=True,
        model=model.model,
        parameters=model.parameters,
        task_hash=task_hash,
        asked=criteria_to_edit(session, criterion_ids),
        started_at=begun_after(clock.now(), before.started_at),
        idempotency_key=idempotency_key,
    )
    return _with_proposals(session, session.two_sided_check, proposals)


def _with_proposals(session: Session, check: TwoSidedCheck, proposals: EditProposals) -> Session:
    return with_check(session, check.model_copy(update={"proposals": proposals}))


def job_key(session: Session) -> str:
    """Return the dispatcher key of the session's current request for edits."""
    begun_at = session.two_sided_check.proposals.started_at
    return f"edits:{session_mark(session.session_id)}:{begun_at.timestamp() if begun_at else 0:.6f}"


def edits_job(session: Session) -> Job:
    """`has_parameters`: processes of the release before do not know jobs of this kind."""
    return Job(JobKind.EDITS, session.session_id, job_key(session), has_parameters=True)


@dataclass(frozen=True)
class EditProposer:
    store: SessionStore
    catalog: ModelResolver
    clock: Clock
    settings: CallSettings

    async def work(self, session_id: str, claims: PartClaims) -> None:
        """Ask for the edits that are still missing, unless another process does."""
        await claims.work_alone(lambda whole: self._propose(session_id, claims, whole))

    async def _propose(self, session_id: str, claims: PartClaims, whole: int) -> None:
        try:
            session = await self.store.read(session_id)
        except NotFound:
            return
        proposals = session.two_sided_check.proposals
        if not proposals.running:
            return
        asking = self._ask_all(session, lambda: claims.ensure(whole))
        end = partial(self._end, session_id, proposals.started_at)
        await settle(asking, end, claims, "The request was stopped before it finished.")

    async def _ask_all(self, session: Session, before_call: BeforeCall) -> None:
        proposals = session.two_sided_check.proposals
        if proposals.task_hash != session.task.content_hash():
            raise BadInput("The task was changed before a model edited its reference response.", hint="Propose again.")
        provider, model = self.catalog.resolve(proposals.model)

        async def ask(criterion: Criterion) -> None:
            edit = await self._ask(session, criterion, provider, model, before_call)
            await self._save(session.session_id, proposals.started_at, edit)

        asked = {f"edit {c.id}": partial(ask, c) for c in session.task.criteria if c.id in proposals.asked}
        await run_all(asked, len(asked))

    async def _ask(
        self, session: Session, criterion: Criterion, provider: Provider, model: str, before_call: BeforeCall
    ) -> ViolatingEdit:
        """The model's edit, or why there is none. A failed call is final, since the provider has retried it."""
        task, proposals = session.task, session.two_sided_check.proposals
        calls = _Calls(before_call)
        request = ChatRequest(
            model=model,
            messages=proposal_messages(task, criterion, session.history(session.turn)),
            max_output_tokens=self.settings.target_max_output_tokens or None,
            parameters=proposals.parameters,
            answer_schema=EDIT_SCHEMA,
        )
        context = CallContext(session=session.session_id, user=session.owner, on_slot=calls.count)
        proposal, problem = None, ""
        try:
            for _ in range(self.settings.max_judge_attempts):
                reply = await provider.complete(request, context)
                calls.replies.append(reply)
                proposal = None if reply.cut_off else await _read(reply.text)
                if proposal is not None:
                    break
                request = request.model_copy(update={"messages": _again(request.messages, reply)})
        except HunterError as error:
            calls.failed = not provider.simulated
            problem = f"The call failed: {error.message} Propose again, choose another model, {BY_HAND}."
        if not problem and proposal is None:
            problem = f"The model's answer has no edit. Propose again, choose another model, {BY_HAND}."
            if calls.replies[-1].cut_off:
                limit = provider.output_limit(request)
                problem = f"The model's answer was cut off at its output limit. Raise {limit}, {BY_HAND}."
        elif proposal is not None:
            problem = problem_of(proposal, criterion.id, task.response)
        usable = proposal if proposal is not None and not problem else EditAnswer("", "")
        return ViolatingEdit(
            criterion_id=criterion.id,
            text=usable.text,
            change=usable.change,
            problem=problem,
            task_hash=proposals.task_hash,
            model=proposals.model,
            calls=calls.made,
            cost_usd=calls.cost_usd,
        )

    async def _save(self, session_id: str, begun_at: object, edit: ViolatingEdit) -> None:
        """Save the edit, unless a person has written one meanwhile. A proposal that is unusable replaces no usable
        edit of the same task."""

        def save(session: Session) -> Session:
            check = session.two_sided_check
            proposals = check.proposals
            if proposals.started_at != begun_at or edit.criterion_id not in proposals.asked:
                return session
            known = check.edit(edit.criterion_id)
            if known is not None and known.text and known.task_hash == edit.task_hash and not edit.text:
                new = known.model_copy(update={"problem": edit.problem})
            else:
                new = edit.model_copy(update={"hunts_before": session.hunts_issued})
            left = tuple(one for one in proposals.asked if one != edit.criterion_id)
            proposals = proposals.model_copy(update={"asked": left})
            return _with_proposals(session, check.with_edits({edit.criterion_id: new}, session.task), proposals)

        changed = await self.store.change(session_id, save, events=lambda s: (session_event(s),))
        now = changed.two_sided_check.proposals
        if now.started_at != begun_at or not now.running:
            raise Superseded("The request has ended, or edits were requested again.")

    async def _end(self, session_id: str, begun_at: object, error: str) -> None:
        def end(session: Session) -> Session:
            proposals = session.two_sided_check.proposals
            if proposals.started_at != begun_at:
                return session
            at = not_before(self.clock.now(), proposals.started_at)
            news = {"running": False, "asked": (), "error": error, "finished_at": at}
            return _with_proposals(session, session.two_sided_check, proposals.model_copy(update=news))

        await self.store.change(session_id, end, events=lambda s: (session_event(s),))


class _Calls:
    """Counts the HTTP calls of one edit and their cost."""

    def __init__(self, before_call: BeforeCall) -> None:
        self.replies: list[Reply] = []
        self.made = 0
        self.failed = False
        """Whether a call failed, whose cost is unknown."""
        self._before_call = before_call

    async def count(self) -> None:
        self.made += 1
        await self._before_call()

    @property
    def cost_usd(self) -> float | None:
        """None if a call's cost is unknown."""
        known = [reply.cost_usd for reply in self.replies if reply.cost_usd is not None]
        return sum(known, 0.0) if len(known) == len(self.replies) and not self.failed else None


async def _read(answer: str) -> EditAnswer | None:
    return read_proposal(answer) if len(answer) <= LONG_ANSWER_CHARS else await asyncio.to_thread(read_proposal, answer)


def _again(messages: tuple[Message, ...], reply: Reply) -> tuple[Message, ...]:
    """The first question, and the latest unusable answer."""
    return (*messages[:2], *retry_messages(reply.text))
