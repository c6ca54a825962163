"""Second opinions on stored replies, on request: which hunts can be confirmed, the request, and the job that asks."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field

from core.clock import Clock
from core.domain.confirmation import MAX_OPINIONS, ConfirmPolicy, in_question
from core.domain.hunt import Hunt
from core.domain.parameters import Target
from core.domain.run import RUN_ENDED, Run
from core.domain.session import Session
from core.domain.verdict import DECIDED
from core.errors import Conflict, NotFound, Superseded
from core.hunting.dispatch.base import Dispatcher, Job, JobKind, PartClaims
from core.hunting.hunts.queries import hunt_and_run
from core.hunting.hunts.second_opinions import SecondOpinions, extra_calls, with_opinions
from core.hunting.model_checks import ModelChecks
from core.hunting.orders import ConfirmOrder
from core.hunting.records import WriteRecord, hunt_record, opinion_records, session_mark
from core.hunting.runs.publish import publish_run_with_retry
from core.hunting.runs.start import refuse_confirming_judge
from core.hunting.views.events import hunt_events
from core.providers.base import CallContext, RetryBudget
from core.review.refuted import is_refuted
from core.sessions.base import Claim, Saved, SessionStore

MAX_AT_ONCE = 16
"""Replies whose second opinions one process asks for at once; further ones wait."""
REQUESTED = "request"
"""Key of opinions that were requested without an idempotency key. Those of a run have none."""


@dataclass(frozen=True)
class ConfirmChoice:
    """What a request does with one hunt."""

    judges: tuple[Target, ...] = ()
    criteria: tuple[str, ...] = ()
    resumes: bool = False
    """Its open second opinions are continued."""
    skipped: str = ""
    """Why nothing is asked, for people."""


def choose(hunt: Hunt, run: Run, order: ConfirmOrder) -> ConfirmChoice:
    """Return which of the judges are asked about the hunt, and which criteria. A judge that has decided is not asked
    again; one that gave no usable answer is."""
    judges = order.targets
    if hunt.outcome not in DECIDED:
        return ConfirmChoice(skipped="It has neither broken nor held.")
    if hunt.trial:
        return ConfirmChoice(skipped="It is a trial.")
    if hunt.open_opinions:
        open_ = {opinion.target for opinion in hunt.open_opinions}
        if open_ <= {judge.target for judge in judges}:
            return ConfirmChoice(resumes=True)
        names = ", ".join(opinion.judge_model for opinion in hunt.open_opinions)
        return ConfirmChoice(skipped=f"The second opinion of {names} is still open: wait for it, or ask for it again.")
    if order.idempotency_key and any(opinion.key == order.idempotency_key for opinion in hunt.opinions):
        return ConfirmChoice(skipped="This request has been answered.")
    newest = {opinion.target: opinion.outcome for opinion in hunt.opinions}
    judges = tuple(judge for judge in judges if newest.get(judge.target) not in DECIDED)
    criteria = in_question(order.policy, hunt.verdicts, run.task.pass_rule)
    if not judges:
        return ConfirmChoice(skipped="These judges have answered.")
    if criteria is None:
        return ConfirmChoice(skipped="The policy asks nothing about a reply that held.")
    if len(hunt.opinions) + len(judges) > MAX_OPINIONS:
        return ConfirmChoice(skipped=f"It has {len(hunt.opinions)} second opinions; at most {MAX_OPINIONS} are kept.")
    return ConfirmChoice(judges, criteria)


def confirming_job(session_id: str, hunt: Hunt) -> Job:
    """The key has a hash of the session ID, since an export that is loaded again keeps its hunt IDs; and the number of
    complete opinions, since a job that has ended is not done again."""
    complete = len(hunt.opinions) - len(hunt.open_opinions)
    key = f"confirming:{session_mark(session_id)}-{len(hunt.judged)}.{complete}:{hunt.hunt_id}"
    return Job(JobKind.CONFIRMING, session_id, key, has_parameters=True)


def requested(hunt: Hunt) -> bool:
    """Whether open second opinions were requested: those of a run are the run's work."""
    return any(opinion.key for opinion in hunt.open_opinions)


@dataclass(frozen=True)
class ConfirmService:
    store: SessionStore
    dispatcher: Dispatcher
    clock: Clock
    models: ModelChecks

    async def confirm(self, sid: str, order: ConfirmOrder) -> dict[str, str]:
        """Ask other judges about hunts' replies. Outcomes do not change. Returns why hunts are left out, by ID.

        Raises NotFound for an unknown hunt, and Conflict while a run asks for second opinions on one.
        """
        session, confirm = await self.store.read(sid), ConfirmPolicy(policy=order.policy, judges=order.targets)
        found = {hid: await hunt_and_run(self.store, session, hid) for hid in order.hunt_ids}
        for judge in confirm.judges:
            self.models.catalog.check_parameters(judge.model, judge.parameters, "judge")
        for run, hunt in found.values():
            refuse_confirming_judge(run.judge_of(hunt), confirm, blind=session.sealed)
            _refuse_confirming_run(run)
        await self.models.refuse_spent(session, (one.model for one in confirm.judges))
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


@dataclass(frozen=True)
class Confirmer:
    store: SessionStore
    opinions: SecondOpinions
    clock: Clock
    write_record: WriteRecord
    _: KW_ONLY
    retry_budget_ratio: float
    outcome_step_s: float
    max_reply_chars: int
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_AT_ONCE))

    async def work(self, session_id: str, key: str, claims: PartClaims) -> None:
        """Get the open second opinions on the hunt of this job, unless another process does.

        Returns silently if the session is deleted or expires, or the hunt is judged again meanwhile.
        """

        async def take_turn(whole: int) -> None:
            with suppress(NotFound):
                async with self.turns:
                    try:
                        await self.confirm(session_id, key, claims, whole)
                    except _Overtaken:  # read it again: only a reply that is judged again has nothing left to ask
                        await self.confirm(session_id, key, claims, whole)

        await claims.work_alone(take_turn)

    async def confirm(self, session_id: str, key: str, claims: PartClaims, whole: int) -> None:
        """`whole`: the job's only part, whose claim saves present, so that a process that was paused saves nothing more
        after another one has taken over."""

        def claim() -> Claim | None:
            fence = claims.fence(whole)
            return None if fence is None else Claim(key, fence)

        if (ours := claim()) is not None and not await self.store.accept_claim(session_id, ours):
            claims.lose(whole)
            return
        session = await self.store.read(session_id)
        hunt = await self.store.hunt(session_id, key.split(":", 2)[2])
        run = session.run(hunt.run_id)
        if not hunt.open_opinions:
            return

        async def save(state: Hunt) -> None:
            now = await self.store.read(session_id)  # a reveal may happen at any time
            events = hunt_events(state, sealed=now.sealed, refuted=is_refuted(now, state))
            saved = await self.store.save_hunt(session_id, state, events, claim=claim())
            if saved is Saved.REFUSED:
                claims.lose(whole)
            if saved is not Saved.KEPT:
                raise _Overtaken

        calls = CallContext(
            session=session_id,
            user=session.owner,
            budget=RetryBudget(left=10 + int(hunt.votes_asked * self.retry_budget_ratio)),
            background=True,
            on_slot=lambda: claims.ensure(whole),
        )
        step_s = self.outcome_step_s if session.sealed else 0.0
        history = session.history(run.turn)
        confirmed = await self.opinions.ask(hunt, run, calls, save=save, history=history, outcome_step_s=step_s)
        self.write_record(hunt_record(session, run, confirmed, max_reply_chars=self.max_reply_chars))
        for record in opinion_records(session, run, confirmed, before=hunt):
            self.write_record(record)
        await publish_run_with_retry(self.store, self.clock, session_id, run.run_id)


class _Overtaken(Superseded):
    """A later state of the hunt is stored: by the job's owner before, which was without Redis, or of a new judging."""

    def __init__(self) -> None:
        super().__init__("A later state of the reply is stored.")
