"""The operations on a task: open, edit, check, hunt, export, delete.

The API and the command line both call these, so the same rules and errors apply to both.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from core.clock import Clock, not_before
from core.domain.criteria import refuse_too_many_criteria
from core.domain.hunt import Hunt, HuntStatus
from core.domain.ids import RUN_ENTROPY_BYTES, SESSION_ENTROPY_BYTES, run_id, session_id
from core.domain.run import RUN_ENDED, Run, RunStatus
from core.domain.session import UNCLEAR_RULE, Session
from core.domain.task import Task, refuse_large_task, refuse_unhuntable
from core.errors import BadInput, Conflict, NotFound, RedisAway
from core.hunting.checks import reference_check as checking
from core.hunting.checks.rejudge import job_key, judged_again, refuse_partial_rejudging, refuse_rejudging
from core.hunting.dispatch.base import Dispatcher, Job, JobKind
from core.hunting.hunts.blind_judging import refuse_quoted_replies, with_same_task
from core.hunting.hunts.queries import all_hunts
from core.hunting.open_session import Opened, opened_task, read_notebook
from core.hunting.orders import CheckOrder, EditOrder, OpenOrder, RejudgeOrder, RunOrder
from core.hunting.records import WriteRecord, run_record, session_mark
from core.hunting.reviews.delivery import Delivery, Preview, deliver, preview_delivery, rough_bytes
from core.hunting.runs.estimate import Estimate, estimate
from core.hunting.runs.publish import publish_run_with_retry
from core.hunting.runs.start import known_run, refuse_too_many, retrying, with_new_run
from core.hunting.views.events import check_event, hunt_events, session_event
from core.hunting.views.tasks import task_view
from core.large_input import SMALL_BYTES, LargeInputExecutor
from core.notebooks.document import Bounds
from core.notebooks.session_record import may_hold_record
from core.providers.catalog import Catalog
from core.sessions.base import SessionStore
from core.settings import HuntingSettings, NotebookSettings
from core.telemetry.records import SessionRecord

CARD_SECRET_BYTES = 16
HUNTS_AT_ONCE = 50
ANY_JUDGE = CheckOrder()
"""Check all criteria with the default judge."""
Entropy = Callable[[int], bytes]
SessionAction = Literal["created", "exported", "deleted", "checked"]


@dataclass(frozen=True, kw_only=True)
class HuntingService:
    store: SessionStore
    dispatcher: Dispatcher
    catalog: Catalog
    clock: Clock
    large_input: LargeInputExecutor
    entropy: Entropy
    """Returns that many random bytes: from the operating system in production, seeded in tests."""
    secret: Callable[[], bytes]
    """Key for deriving session IDs from idempotency keys, so that nobody can guess them; equal in every process."""
    write_record: WriteRecord
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
        return await self._open(Opened(read.head, raw, tuple(read.items)))

    async def open_task(self, task: Task, order: OpenOrder, name: str = "") -> Session:
        """Open a typed task with a generated notebook. Raises BadTask for too many criteria."""
        refuse_too_many_criteria(len(task.criteria), self.hunting.max_criteria)
        refuse_large_task(task, self.hunting.max_task_bytes)
        return await self._open(opened_task(task, order, self._new_session_id(order), self.clock.now(), name))

    async def edit_task(self, sid: str, order: EditOrder) -> Session:
        """Change the task. Raises BadTask, and Conflict if the version is outdated."""
        changes = {k: getattr(order, k) for k in order.model_fields_set if k != "version"}
        changes = {k: v for k, v in changes.items() if v is not None}

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
            return session.model_copy(update={"task": task, "warnings": warnings, **confirmed})

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
        judge = order.judge_model or self.catalog.default_judge
        self.catalog.resolve(judge)
        before = await self.store.read(sid)
        refuse_unhuntable(before.task, before.missing_criteria)
        if not order.idempotency_key or order.idempotency_key != before.check.idempotency_key:
            await refuse_quoted_replies(self.store, before)
        refuse_too_many_criteria(len(before.task.criteria), self.hunting.max_criteria)
        session = await self.store.change(
            sid,
            lambda s: checking.begun(
                with_same_task(s, before), judge, self.clock, order.idempotency_key, order.criterion_ids
            ),
            events=lambda s: (check_event(s),),
        )
        if session.version != before.version:  # we started it: replace an older check of another text
            await self.dispatcher.stop(checking.job_key(before))
            await self.dispatcher.submit(Job(JobKind.CHECK, sid, checking.job_key(session)))
        return session

    async def start_run(self, sid: str, order: RunOrder) -> Run:
        """Start a run, or return the run that the same idempotency key started."""
        new_id = run_id(self.entropy(RUN_ENTROPY_BYTES))
        if order.retry_errors_of:
            order = retrying(await self.store.read(sid), order, await self.all_hunts(sid))
        if not order.models:
            raise BadInput("No model given.", hint='Give at least one: {"models": ["provider/model id"]}.')
        judge = order.judge_model or self.catalog.default_judge
        for model in (*order.models, judge):
            self.catalog.resolve(model)
        before = await self.store.read(sid)
        if known_run(before, order) is None:
            await refuse_quoted_replies(self.store, before)
        begun: dict[str, Run] = {}

        def start(session: Session) -> Session:
            known = known_run(session, order)
            if known is None:
                refuse_too_many(with_same_task(session, before), order, self.hunting, self.max_session_bytes)
                session = with_new_run(
                    session, order, new_id, judge, self.clock.now(), part_hunts=self.hunting.part_hunts
                )
            begun["run"] = known or session.run(new_id)
            return session

        session = await self.store.change(sid, start, events=lambda s: (session_event(s),))
        run, new = begun["run"], begun["run"].run_id == new_id
        if new or run.status is RunStatus.QUEUED:  # the process that created the run may have died
            await self.dispatcher.submit(Job(JobKind.RUN, sid, run.run_id), fresh=new)
            if new and not order.trial:
                self.write_record(run_record(session, run, (await self.store.counts(sid))[new_id]))
        return (await self.store.read(sid)).run(run.run_id)

    async def estimate(self, sid: str, models: Sequence[str], hunts: int, judge_model: str = "") -> Estimate:
        """Estimate the cost of a run. Raises BadInput for an unknown model."""
        judge = judge_model or self.catalog.default_judge
        for model in (*models, judge):
            self.catalog.resolve(model)
        session, made = await self.store.read(sid), await self.all_hunts(sid)
        return estimate(session, made, models, hunts, judge, self.catalog.rates)

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
        run, hunt = await self._hunt(session, hid)
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
        run, hunt = await self._hunt(session, hid)
        if order.idempotency_key and hunt.judging_key == order.idempotency_key:
            return hunt
        refuse_partial_rejudging(session, hunt, run, order.criterion_ids)
        again = hunt
        if not (hunt.judged and hunt.status is HuntStatus.JUDGING):
            refuse_rejudging(session, hunt, self.hunting.max_rejudgings)
            checking.refuse_unknown_criteria(run.task, order.criterion_ids)
            again = judged_again(hunt, run, order, self.clock.now())
            self.catalog.resolve(again.judge_model)
            await self.store.save_hunt(sid, again, hunt_events(again, sealed=session.sealed))
        await self.dispatcher.submit(Job(JobKind.JUDGING, sid, job_key(sid, again)))
        return again

    async def deliver(self, sid: str, hunt_ids: Sequence[str] | None = None) -> Delivery:
        """Return the notebook with the chosen hunts in its slots, and its file name. Raises BadInput for unknown
        IDs."""
        session, notebook = await self.store.read(sid), await self.store.notebook(sid)
        delivery: Delivery = await self._export(deliver, session, notebook, hunt_ids)
        self._record(session, "exported", f"{len(delivery.hunt_ids)} hunts")
        return delivery

    async def preview(self, sid: str, hunt_ids: Sequence[str] | None = None) -> Preview:
        """Return what `deliver` would change in the loaded notebook, and what to confirm first."""
        session, notebook = await self.store.read(sid), await self.store.notebook(sid)
        max_chars = self.notebooks.max_preview_chars
        previewed: Preview = await self._export(preview_delivery, session, notebook, hunt_ids, max_chars)
        return previewed

    async def is_open_elsewhere(self, session: Session) -> bool:
        """Return whether another open session has the same task."""
        return await self.store.count_duplicates(session) > 0

    async def delete(self, sid: str) -> None:
        """Cancel the session's runs and delete it."""
        session = await self.store.read(sid)
        for run in session.active_runs:
            await self.cancel_run(sid, run.run_id)
        await self.dispatcher.stop(checking.job_key(session))
        await self.store.delete(sid)
        self._record(session, "deleted")

    async def all_hunts(self, sid: str) -> tuple[Hunt, ...]:
        """Return all hunts that have started, by number, without trials."""
        return await all_hunts(self.store, sid)

    async def _hunt(self, session: Session, hid: str) -> tuple[Run, Hunt]:
        """Return a hunt, started or not, and its run. Raises NotFound."""
        run = session.run(hid.rpartition(".")[0])
        try:
            return run, await self.store.hunt(session.session_id, hid)
        except NotFound:
            place = run.place_of(hid)
            if place is None:
                raise
            return run, run.hunt(place)

    async def _export(self, function: Callable[..., Any], session: Session, notebook: bytes, *arguments: Any) -> Any:
        hunts = await all_hunts(self.store, session.session_id, after=-session.trials_issued - 1)
        size = rough_bytes(notebook, hunts)
        return await self.large_input.export(size, function, session, notebook, *arguments, items=hunts)

    async def _open(self, opened: Opened) -> Session:
        refuse_large_task(opened.session.task, self.hunting.max_task_bytes)
        session = opened.session.model_copy(update={"card_secret": self.entropy(CARD_SECRET_BYTES).hex()})
        # Without Redis a repeated idempotency key is not recognised; the two sessions are merged later.
        with suppress(NotFound, RedisAway):
            return await self.store.read(session.session_id)  # repeated idempotency key
        try:
            await self.store.create(session, opened.notebook)
        except Conflict:  # a concurrent request with the same key was first
            return await self.store.read(session.session_id)
        for place, hunt in enumerate(opened.hunts):
            await self.store.save_hunt(session.session_id, hunt)
            if place % HUNTS_AT_ONCE == 0:
                await asyncio.sleep(0)  # the store in memory never waits by itself
        self._record(session, "created")
        return session

    def _new_session_id(self, order: OpenOrder) -> str:
        if order.idempotency_key:
            # Keys are scoped to the owner: another user's equal key must not open this session.
            key = f"{order.owner}\n{order.idempotency_key}" if order.owner else order.idempotency_key
            digest = hmac.new(self.secret(), key.encode(), hashlib.sha256).digest()
            return session_id(digest[:SESSION_ENTROPY_BYTES])
        return session_id(self.entropy(SESSION_ENTROPY_BYTES))

    def _record(self, session: Session, action: SessionAction, detail: str = "") -> None:
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
