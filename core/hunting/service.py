"""The operations on a task: open, edit, check, hunt, export, delete.

The API and the command line both call these, so the same rules and errors apply to both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, cast

from core.clock import Clock, not_before
from core.domain.allocation import Allocation
from core.domain.confirmation import NO_CONFIRM, ConfirmPolicy
from core.domain.criteria import refuse_too_many_criteria
from core.domain.hunt import Hunt, HuntStatus
from core.domain.ids import RUN_ENTROPY_BYTES, run_id
from core.domain.run import RUN_ENDED, Run, RunStatus
from core.domain.session import UNCLEAR_RULE, Session
from core.domain.task import Task, refuse_large_task, refuse_unhuntable
from core.errors import BadInput, Conflict
from core.hunting.checks import propose_edits, robustness, two_sided
from core.hunting.checks import reference_check as checking
from core.hunting.checks.rejudge import judged_again, judging_job, refuse_partial_rejudging, refuse_rejudging
from core.hunting.dispatch.base import Dispatcher, Job, JobKind
from core.hunting.hunts.blind_judging import refuse_quoted_replies, with_same_task
from core.hunting.hunts.queries import all_hunts, hunt_and_run
from core.hunting.model_checks import ModelChecks
from core.hunting.open_session import Entropy, Opened, new_session_id, opened_task, read_notebook, store_session
from core.hunting.orders import (
    NO_CHOICE,
    CheckOrder,
    EditOrder,
    JudgeChoice,
    OpenOrder,
    RejudgeOrder,
    RunOrder,
    TargetRequest,
)
from core.hunting.records import WriteRecord, run_record, session_mark
from core.hunting.reviews.delivery import CriteriaForm, Delivery, Preview, deliver, preview_delivery, rough_bytes
from core.hunting.runs.estimate import Estimate, ModelWarning, estimate
from core.hunting.runs.publish import publish_run_with_retry
from core.hunting.runs.start import known_run, refuse_confirming_judge, refuse_too_many, retrying, with_new_run
from core.hunting.runs.targets import requested_targets
from core.hunting.views.events import check_event, hunt_events, session_event
from core.hunting.views.tasks import task_view
from core.large_input import SMALL_BYTES, LargeInputExecutor
from core.notebooks.document import Bounds
from core.notebooks.session_record import may_hold_record
from core.review.corrected_rates import NO_RATES, corrected_rates, reason_against
from core.sessions.base import SessionStore
from core.sessions.codec import StoredUnreadable
from core.settings import HuntingSettings, NotebookSettings
from core.telemetry.records import SessionRecord

CARD_SECRET_BYTES = 16
UNPRICED = "the price is unknown, so the daily budgets count its calls as $0."
ANY_JUDGE = CheckOrder()
"""Check all criteria with the default judge."""
SessionAction = Literal["created", "exported", "deleted", "checked"]
COPIED = "copied"
"""The action of a reader's export, which does not make the task a delivered one."""


@dataclass(frozen=True, kw_only=True)
class HuntingService:
    store: SessionStore
    dispatcher: Dispatcher
    models: ModelChecks
    clock: Clock
    large_input: LargeInputExecutor
    entropy: Entropy
    """Returns that many random bytes: from the operating system in production, seeded in tests."""
    secret: Callable[[], bytes]
    """Key for deriving session IDs from idempotency keys, so that nobody can guess them; equal in every process."""
    write_record: WriteRecord
    on_deleted: Callable[[str], None]
    """Called with the ID of a session that was deleted."""
    hunting: HuntingSettings
    notebooks: NotebookSettings
    max_session_bytes: int

    async def open_notebook(self, raw: bytes, name: str, order: OpenOrder) -> Session:
        """Open an uploaded notebook, or return the session that the same idempotency key created. Raises
        BadNotebook."""
        limits = self.notebooks
        bounds = Bounds(limits.max_bytes, limits.max_cells, limits.max_values, self.hunting.max_criteria)
        asked = (raw, bounds, name, order, self._new_session_id(order), self.clock.now())
        size = len(raw)
        if size <= SMALL_BYTES and may_hold_record(raw):
            size = SMALL_BYTES + 1
        read = await self.large_input.read(size, read_notebook, *asked)
        return await self._open(Opened(read.head, raw, tuple(read.items)), order)

    async def open_task(self, task: Task, order: OpenOrder, name: str = "") -> Session:
        """Open a typed task with a generated notebook. Raises BadTask for too many criteria."""
        refuse_too_many_criteria(len(task.criteria), self.hunting.max_criteria)
        refuse_large_task(task, self.hunting.max_task_bytes)
        return await self._open(opened_task(task, order, self._new_session_id(order), self.clock.now(), name), order)

    async def edit_task(self, sid: str, order: EditOrder) -> Session:
        """Change the task. Raises BadTask, and Conflict if the version is outdated."""
        changes = {k: v for k in order.model_fields_set - {"version"} if (v := getattr(order, k)) is not None}

        def edit(session: Session) -> Session:
            task = session.task.model_copy(update=changes)
            answered = {UNCLEAR_RULE} if "pass_rule" in changes else set()
            warnings = tuple(warning for warning in session.warnings if warning.code not in answered)
            if task == session.task and warnings == session.warnings:
                return session
            if task.criteria != session.task.criteria:
                refuse_too_many_criteria(len(task.criteria), self.hunting.max_criteria)
            if task.rough_bytes > session.task.rough_bytes:
                refuse_large_task(task, self.hunting.max_task_bytes)
            confirmed = {"proposed_criteria": ()} if "criteria" in changes else {}
            edited = session.model_copy(update={"task": task, "warnings": warnings, **confirmed})
            return session.grown(edited, self.max_session_bytes)

        try:
            return await self.store.change(
                sid, edit, expected_version=order.version, events=lambda s: (session_event(s), check_event(s))
            )
        except Conflict as error:
            now = await self.store.read(sid)  # the client can offer a merge with the current task
            error.details |= {"version": now.version, "task": task_view(now.task, now.missing_criteria)}
            raise

    async def start_check(self, sid: str, order: CheckOrder = ANY_JUDGE) -> Session:
        """Start the reference check, or return the check of this task that is running or that the same idempotency key
        started."""
        judge, _ = self.models.check((), order.chosen_judge)
        before = await self.store.read(sid)
        refuse_unhuntable(before.task, before.missing_criteria)
        if not order.idempotency_key or order.idempotency_key != before.check.idempotency_key:
            await refuse_quoted_replies(self.store, before)
            await self.models.refuse_spent(before, (judge.model,))
        refuse_too_many_criteria(len(before.task.criteria), self.hunting.max_criteria)
        session = await self.store.change(
            sid,
            lambda s: checking.begun(
                with_same_task(s, before),
                judge.model,
                self.clock,
                order.idempotency_key,
                order.criterion_ids,
                judge.parameters,
            ),
            events=lambda s: (check_event(s),),
        )
        if session.version != before.version:  # we started it: replace an older check of another text
            await self.dispatcher.stop(checking.job_key(before))
            await self.dispatcher.submit(checking.check_job(session))
        return session

    async def start_run(self, sid: str, order: RunOrder) -> Run:
        """Start a run, or return the run that the same idempotency key started."""
        new_id = run_id(self.entropy(RUN_ENTROPY_BYTES))
        if order.retry_errors_of:
            order = retrying(await self.store.read(sid), order, await self.all_hunts(sid))
        if not order.models:
            raise BadInput("No model given.", hint='Give at least one: {"models": ["provider/model id"]}.')
        targets = requested_targets(order.models, order.allocation)
        confirm = order.confirm.policy_of_run()
        judge, notes = self.models.check(targets, order.chosen_judge, confirm)
        before = await self.store.read(sid)
        refuse_confirming_judge(judge, confirm, blind=before.sealed)
        if known_run(before, order) is None:
            await refuse_quoted_replies(self.store, before)
            await self.models.refuse_spent(before, (one.model for one in (*targets, judge, *confirm.judges)))
        begun: dict[str, Run] = {}

        def start(session: Session) -> Session:
            known = known_run(session, order)
            if known is None:
                same = with_same_task(session, before)
                refuse_too_many(same, order, (*targets, judge, *confirm.judges), self.hunting, self.max_session_bytes)
                now, part_hunts = self.clock.now(), self.hunting.part_hunts
                session = with_new_run(
                    session, order, new_id, targets, judge, now, part_hunts=part_hunts, notes=notes, confirm=confirm
                )
            begun["run"] = known or session.run(new_id)
            return session

        session = await self.store.change(sid, start, events=lambda s: (session_event(s),))
        run, new = begun["run"], begun["run"].run_id == new_id
        if new or run.status is RunStatus.QUEUED:  # the process that created the run may have died
            await self.dispatcher.submit(Job(JobKind.RUN, sid, run.run_id, run.has_parameters), fresh=new)
            if new and not order.trial:
                self.write_record(run_record(session, run, (await self.store.counts(sid))[new_id]))
        return (await self.store.read(sid)).run(run.run_id)

    async def estimate(
        self,
        sid: str,
        models: Sequence[str | TargetRequest],
        hunts: int,
        chosen_judge: JudgeChoice = NO_CHOICE,
        confirm: ConfirmPolicy = NO_CONFIRM,
        allocation: Allocation = "even",
    ) -> Estimate:
        """Estimate the cost of a run. Raises BadInput as starting it does."""
        targets = requested_targets(models, allocation)
        judge, notes = self.models.check(targets, chosen_judge, confirm)
        session, made = await self.store.read(sid), await self.all_hunts(sid)
        refuse_confirming_judge(judge, confirm, blind=session.sealed)
        found = estimate(
            session, made, targets, hunts, judge, self.models.offers, confirm=confirm, allocation=allocation
        )
        called = tuple(one.model for one in (*targets, judge, *confirm.judges))
        accounts = self.models.catalog.accounts_of(called)
        budgets = await self.models.budgets.rough_states(session.owner, accounts) if accounts else ()
        warnings = await asyncio.to_thread(self.models.warnings, called)
        if budgets:
            unpriced = dict.fromkeys(
                one.model for one in (*found.targets, found.judge, *found.confirming) if one.usd is None
            )
            warnings += tuple(ModelWarning(model, "", f"{model}: {UNPRICED}") for model in unpriced)
        return replace(found, warnings=warnings, budgets=budgets, notes=notes)

    async def cancel_run(self, sid: str, rid: str) -> Run:
        """Cancel a run: hunts without a result become `cancelled`. A run that has ended is unchanged and no worker is
        stopped, because an export loaded elsewhere has the same run ID."""
        ours = False

        def cancel(session: Session) -> Session:
            nonlocal ours
            run = session.run(rid)
            ours = run.status not in RUN_ENDED
            if not ours:
                return session
            finished_at = not_before(self.clock.now(), run.started_at)
            ended = {"status": RunStatus.CANCELLED, "finished_at": finished_at}
            return session.with_run(run.model_copy(update=ended))

        await self.store.change(sid, cancel)
        if ours:
            await self.dispatcher.stop(rid)
        await publish_run_with_retry(self.store, self.clock, sid, rid)
        return (await self.store.read(sid)).run(rid)

    async def cancel_hunt(self, sid: str, hid: str) -> Hunt:
        """Cancel one hunt; the worker of its run ends it. A finished hunt is unchanged."""
        session = await self.store.read(sid)
        run, hunt = await hunt_and_run(self.store, session, hid)
        if hunt.status is HuntStatus.DONE or run.status in RUN_ENDED:
            return hunt

        def cancel(now: Session) -> Session:
            run = now.run(hunt.run_id)
            if hid in run.cancelled_hunts:
                return now
            return now.with_run(run.model_copy(update={"cancelled_hunts": (*run.cancelled_hunts, hid)}))

        await self.store.change(sid, cancel)
        return hunt

    async def rejudge(self, sid: str, hid: str, order: RejudgeOrder) -> Hunt:
        """Judge a hunt's reply again, on all or some criteria. The replaced verdicts move to its history."""
        session = await self.store.read(sid)
        run, hunt = await hunt_and_run(self.store, session, hid)
        if order.idempotency_key and hunt.judging_key == order.idempotency_key:
            return hunt
        refuse_partial_rejudging(session, hunt, run, order)
        again = hunt
        if not (hunt.judged and hunt.status is HuntStatus.JUDGING):
            refuse_rejudging(session, hunt, self.hunting.max_rejudgings)
            checking.refuse_unknown_criteria(run.task, order.criterion_ids)
            again = judged_again(hunt, run, order, self.clock.now())
        # also of a judging that an export brought along: its parameters may be anything
        self.models.catalog.check_parameters(again.judge_model, again.judge_parameters, "judge")
        if again is not hunt:
            await self.models.refuse_spent(session, (again.judge_model,))
            await self.store.save_hunt(sid, again, hunt_events(again, sealed=session.sealed))
        await self.dispatcher.submit(judging_job(sid, again))
        return again

    async def deliver(
        self,
        sid: str,
        hunt_ids: Sequence[str] | None = None,
        criteria: CriteriaForm = "kept",
        *,
        by_reader: bool = False,
    ) -> Delivery:
        """Return the notebook with the chosen hunts in its slots, and its file name. `by_reader`: a copy for somebody
        who cannot deliver the task. Raises BadInput for unknown IDs."""
        session, notebook = await self.store.read(sid), await self.store.notebook(sid)
        delivery = cast("Delivery", await self._export(deliver, session, notebook, hunt_ids, criteria))
        if by_reader:
            self.store.record_action(session, COPIED, f"{len(delivery.hunt_ids)} hunts")
        else:
            self._record(session, "exported", f"{len(delivery.hunt_ids)} hunts")
        return delivery

    async def preview(
        self, sid: str, hunt_ids: Sequence[str] | None = None, criteria: CriteriaForm = "kept"
    ) -> Preview:
        """Return what `deliver` would change in the loaded notebook, and what to confirm first."""
        session, notebook = await self.store.read(sid), await self.store.notebook(sid)
        shown = (hunt_ids, criteria, self.notebooks.max_preview_chars)
        return cast("Preview", await self._export(preview_delivery, session, notebook, *shown))

    async def is_open_elsewhere(self, session: Session) -> bool:
        """Return whether another open session has the same task."""
        return await self.store.count_duplicates(session) > 0

    async def delete(self, sid: str) -> None:
        """Cancel the session's runs and delete it. Of one that cannot be read, work ends at its next save."""
        try:
            session = await self.store.read(sid)
        except StoredUnreadable:
            await self.store.delete(sid)
            self.write_record(SessionRecord(session=session_mark(sid), action="deleted"))
            self.on_deleted(sid)
            return
        for run in session.active_runs:
            await self.cancel_run(sid, run.run_id)
        for job_key in (checking.job_key, propose_edits.job_key, two_sided.job_key, robustness.job_key):
            await self.dispatcher.stop(job_key(session))
        await self.store.delete(sid)
        self._record(session, "deleted")
        self.on_deleted(sid)

    async def all_hunts(self, sid: str) -> tuple[Hunt, ...]:
        """Return all hunts that have started, by number, without trials."""
        return await all_hunts(self.store, sid)

    async def _export(self, function: Callable[..., Any], session: Session, notebook: bytes, *arguments: Any) -> Any:
        hunts = await all_hunts(self.store, session.session_id, after=-session.trials_issued - 1)
        size, rates = rough_bytes(notebook, hunts), NO_RATES
        if not reason_against(session):
            rates = await asyncio.to_thread(corrected_rates, session, hunts)
        made = partial(function, rates=rates)
        return await self.large_input.export(size, made, session, notebook, *arguments, items=hunts)

    async def _open(self, opened: Opened, order: OpenOrder) -> Session:
        refuse_large_task(opened.session.task, self.hunting.max_task_bytes)
        secret = {"card_secret": self.entropy(CARD_SECRET_BYTES).hex()}
        opened = replace(opened, session=opened.session.model_copy(update=secret))
        session, created = await store_session(self.store, opened, order, self._new_session_id)
        if created:
            self._record(session, "created")
        return session

    def _new_session_id(self, order: OpenOrder) -> str:
        return new_session_id(order, self.secret, self.entropy)

    def _record(self, session: Session, action: SessionAction, detail: str = "") -> None:
        self.store.record_action(session, action, detail)
        self.write_record(
            SessionRecord(
                session=session_mark(session.session_id),
                action=action,
                notebook=session.name,
                criteria=len(session.task.criteria),
                detail=detail,
                trainer=session.owner,
            )
        )
