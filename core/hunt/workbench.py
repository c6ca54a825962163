"""What a trainer can do with a task: open it, edit it, check it, hunt it, take it away.

The API and the command line are doors to this; both get the same rules and the same errors.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.clock import Clock
from core.domain.hunt import Hunt
from core.domain.ids import RUN_ENTROPY_BYTES, SESSION_ENTROPY_BYTES, run_id, session_id
from core.domain.run import RUN_ENDED, Run, RunStatus
from core.domain.session import CheckStatus, Session
from core.domain.task import Task, refuse_unhuntable
from core.errors import BadInput, BadTask, Conflict, NotFound
from core.hunt import checking
from core.hunt.chronicle import Tell, run_record, session_mark
from core.hunt.delivery import Delivery, deliver
from core.hunt.dispatch.base import Dispatcher, Job, JobKind
from core.hunt.opening import Opened, opened_notebook, opened_task
from core.hunt.orders import EditOrder, OpenOrder, RunOrder
from core.hunt.views import check_event, run_event, session_event
from core.notebooks.parse import parse_notebook
from core.providers.catalog import Catalog
from core.sessions.base import SessionStore
from core.settings import Settings
from core.telemetry.records import SessionRecord

Entropy = Callable[[int], bytes]
SessionAction = Literal["created", "exported", "deleted", "checked"]


@dataclass(frozen=True)
class Workbench:
    store: SessionStore
    dispatcher: Dispatcher
    catalog: Catalog
    clock: Clock
    settings: Settings
    entropy: Entropy
    """So many random bytes; the operating system's in production, seeded in tests."""
    secret: Callable[[], bytes]
    """Turns idempotency keys into session ids that nobody else can guess; the same in every process."""
    tell: Tell

    async def open_notebook(self, raw: bytes, name: str, order: OpenOrder) -> Session:
        """A session for an uploaded notebook, or the one that the same idempotency key made. Raises BadNotebook."""
        loaded = parse_notebook(raw, max_bytes=self.settings.notebook_max_bytes)
        return await self._open(
            opened_notebook(raw, loaded, name, order, self._new_session_id(order), self.clock.now())
        )

    async def open_task(self, task: Task, order: OpenOrder) -> Session:
        """A session for a task that was typed in; its notebook is made of it."""
        return await self._open(opened_task(task, order, self._new_session_id(order), self.clock.now()))

    async def edit_task(self, sid: str, order: EditOrder) -> Session:
        """The session with its task changed. Raises Conflict when the version is not current, BadTask."""
        changes = {k: getattr(order, k) for k in order.model_fields_set if k != "version"}
        changes = {k: v for k, v in changes.items() if v is not None}

        def edit(session: Session) -> Session:
            task = session.task.model_copy(update=changes)
            if task == session.task:
                return session
            confirmed = {"proposed_criteria": ()} if "criteria" in changes else {}
            return session.model_copy(update={"task": task, **confirmed})

        return await self.store.change(
            sid, edit, expected_version=order.version, announce=lambda s: (session_event(s), check_event(s))
        )

    async def start_check(self, sid: str, judge_model: str = "", idempotency_key: str = "") -> Session:
        """Begin the reference check, or return the one of this task that is running or that the same key began."""
        judge = judge_model or self.catalog.default_judge
        self.catalog.resolve(judge)
        before = await self.store.read(sid)
        refuse_unhuntable(before.task, before.missing_criteria)
        session = await self.store.change(
            sid, lambda s: checking.begun(s, judge, self.clock, idempotency_key), announce=lambda s: (check_event(s),)
        )
        if session.version != before.version:  # ours: an older check of another text gives way
            await self.dispatcher.stop(checking.job_key(before))
            await self.dispatcher.submit(Job(JobKind.CHECK, sid, checking.job_key(session)))
        return session

    async def start_run(self, sid: str, order: RunOrder) -> Run:
        """Begin a run, or return the one that the same idempotency key began."""
        judge = order.judge_model or self.catalog.default_judge
        new_id = run_id(self.entropy(RUN_ENTROPY_BYTES))
        if order.hunts > self.settings.hunts_most:
            raise BadInput(
                f"{order.hunts} hunts are more than one run may have ({self.settings.hunts_most}).",
                hint="Start several runs, or raise HUNTS_MOST.",
            )
        for model in (*order.models, judge):
            self.catalog.resolve(model)
        begun: dict[str, Run] = {}

        def start(session: Session) -> Session:
            known = next(
                (r for r in session.runs if order.idempotency_key and r.idempotency_key == order.idempotency_key), None
            )
            begun["run"] = known or self._new_run(session, order, new_id, judge)
            if known:
                return session
            issued = session.hunts_issued + order.hunts
            return session.with_run(begun["run"]).model_copy(update={"hunts_issued": issued})

        await self.store.change(sid, start, announce=lambda s: (session_event(s),))
        if begun["run"].run_id == new_id:
            await self.dispatcher.submit(Job(JobKind.RUN, sid, new_id))
            self.tell(run_record(sid, begun["run"], (await self.store.counts(sid))[new_id]))
        return (await self.store.read(sid)).run(begun["run"].run_id)

    async def cancel_run(self, sid: str, rid: str) -> Run:
        """End the run now; hunts without a result become `cancelled`. A run that has ended stays as it is."""

        def cancel(session: Session) -> Session:
            run = session.run(rid)
            if run.status in RUN_ENDED:
                return session
            ended = {"status": RunStatus.CANCELLED, "finished_at": self.clock.now()}
            return session.with_run(run.model_copy(update=ended))

        session = await self.store.change(sid, cancel)
        await self.dispatcher.stop(rid)
        counts = (await self.store.counts(sid))[rid]
        await self.store.announce(sid, (run_event(session.run(rid), counts, self.clock.now()),))
        return (await self.store.read(sid)).run(rid)

    async def deliver(self, sid: str, hunt_ids: Sequence[str] | None = None) -> Delivery:
        """The notebook with the chosen hunts in its slots, and its file name. Raises BadInput naming unknown ids."""
        session = await self.store.read(sid)
        hunts = await self.all_hunts(sid)
        delivery = deliver(session, hunts, await self.store.notebook(sid), hunt_ids)
        self._tell(session, "exported", f"{len(delivery.hunt_ids)} hunts")
        return delivery

    async def delete(self, sid: str) -> None:
        """Cancel the session's runs and remove it wholly."""
        session = await self.store.read(sid)
        for run in session.active_runs:
            await self.cancel_run(sid, run.run_id)
        await self.dispatcher.stop(checking.job_key(session))
        await self.store.delete(sid)
        self._tell(session, "deleted")

    async def all_hunts(self, sid: str) -> tuple[Hunt, ...]:
        """Every hunt that has begun, by number."""
        found: list[Hunt] = []
        after: int | None = 0
        while after is not None:
            page = await self.store.hunts(sid, after=after, limit=500)
            found += page.hunts
            after = page.next
        return tuple(found)

    async def _open(self, opened: Opened) -> Session:
        session = opened.session
        try:
            return await self.store.read(session.session_id)  # the same idempotency key again
        except NotFound:
            try:
                await self.store.create(session, opened.notebook)
            except Conflict:  # the same key at the same moment, and the other was first
                return await self.store.read(session.session_id)
        for hunt in opened.hunts:
            await self.store.save_hunt(session.session_id, hunt)
        self._tell(session, "created")
        return session

    def _new_session_id(self, order: OpenOrder) -> str:
        if order.idempotency_key:
            digest = hmac.new(self.secret(), order.idempotency_key.encode(), hashlib.sha256).digest()
            return session_id(digest[:SESSION_ENTROPY_BYTES])
        return session_id(self.entropy(SESSION_ENTROPY_BYTES))

    def _new_run(self, session: Session, order: RunOrder, new_id: str, judge: str) -> Run:
        refuse_unhuntable(session.task, session.missing_criteria)
        checked = session.check.passed_for(session.task)
        if session.require_check and not checked and not order.override_check:
            raise _check_required(session)
        if len(session.runs) >= self.settings.runs_most:
            raise BadInput(f"A session has at most {self.settings.runs_most} runs.", hint="Open a new session.")
        return Run(
            run_id=new_id,
            models=order.models,
            hunts=order.hunts,
            judge_model=judge,
            task=session.task,
            first_number=session.hunts_issued + 1,
            created_at=self.clock.now(),
            idempotency_key=order.idempotency_key,
            check_overridden=order.override_check and not checked,
        )

    def _tell(self, session: Session, action: SessionAction, detail: str = "") -> None:
        self.tell(
            SessionRecord(
                session=session_mark(session.session_id),
                action=action,
                notebook=session.name,
                criteria=len(session.task.criteria),
                detail=detail,
            )
        )


def _check_required(session: Session) -> BadTask:
    state = (
        "is stale"
        if session.check.stale_for(session.task)
        else {
            CheckStatus.NONE: "has not been made",
            CheckStatus.RUNNING: "is still running",
        }.get(session.check.status, "has not passed")
    )
    return BadTask(
        f"The reference check {state}.",
        hint="Let the reference response be judged first, or start anyway (override_check), which is recorded.",
        code="check_required",
    )
