"""How a session begins: from a notebook (a template, a finished task, our own export) or from a typed-in task."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.hunt import Hunt, HuntError, HuntStatus
from core.domain.run import Run, RunStatus
from core.domain.session import CheckStatus, ReferenceCheck, Session
from core.domain.task import Task
from core.domain.verdict import Outcome
from core.hunting.orders import OpenOrder
from core.notebooks.blank import blank_notebook, template_notebook
from core.notebooks.parse import LoadedNotebook

TYPED_NAME = "task.ipynb"
KEPT_OF_AN_EXPORT = (
    "runs", "hunts_issued", "trials_issued", "check", "selection", "reviews", "revealed_at", "turns", "visibility",
    "judge_cut_replies",
)  # fmt: skip
"""What an export brings back of its session; the task is read from the cells, which may have been edited since."""
WENT_ON_ELSEWHERE = "The notebook was exported while this run was going on; it goes on in the session it came from."


@dataclass(frozen=True)
class Opened:
    session: Session
    notebook: bytes
    hunts: tuple[Hunt, ...] = ()
    """What the notebook brought of an earlier session of ours."""


def opened_notebook(raw: bytes, loaded: LoadedNotebook, name: str, order: OpenOrder, sid: str, now: datetime) -> Opened:
    """The session of an uploaded notebook; of our own export also its runs, hunts, check and selection."""
    session = Session(
        session_id=sid,
        name=name,
        owner=order.owner,
        created_at=now,
        visibility=order.visibility,
        require_check=order.require_check,
        judge_cut_replies=order.judge_cut_replies,
        task=loaded.task,
        loaded_task=loaded.task,
        warnings=loaded.warnings,
        proposed_criteria=loaded.proposed_criteria,
        slots=loaded.slots,
        attempts_before=loaded.attempts_before,
        mark=mark_of(loaded.task, order.owner),
    )
    if loaded.resumed is None:
        return Opened(session, raw)
    earlier, hunts = _ended_here(loaded.resumed.session, loaded.resumed.hunts, now)
    kept = {name: getattr(earlier, name) for name in KEPT_OF_AN_EXPORT}
    return Opened(session.model_copy(update=kept), raw, hunts)


def _ended_here(session: Session, hunts: Sequence[Hunt], now: datetime) -> tuple[Session, tuple[Hunt, ...]]:
    """A copy has no work of its own: whatever was going on when it was exported goes on where it came from, and what
    it has no result of yet is interrupted here. A run or a check left open would wait for ever for somebody to work on
    it, and ending it would end the original, whose ids it has.
    """
    going_on = {run.run_id: run for run in session.active_runs}
    known = {hunt.hunt_id for hunt in hunts}
    never_begun = [
        hunt for run in going_on.values() for hunt in map(run.hunt, range(run.hunts)) if hunt.hunt_id not in known
    ]
    ended = tuple(_ended(hunt, now) if hunt.run_id in going_on else hunt for hunt in (*hunts, *never_begun))
    runs = tuple(_failed(run, now) if run.run_id in going_on else run for run in session.runs)
    check = ReferenceCheck() if session.check.status is CheckStatus.RUNNING else session.check
    return session.model_copy(update={"runs": runs, "check": check}), ended


def _failed(run: Run, now: datetime) -> Run:
    ended = {"status": RunStatus.FAILED, "finished_at": now, "stop_reason": WENT_ON_ELSEWHERE}
    return run.model_copy(update=ended)


def _ended(hunt: Hunt, now: datetime) -> Hunt:
    """A hunt whose reply is judged again is left: asking once more has it judged here."""
    if hunt.status is HuntStatus.DONE or hunt.judged:
        return hunt
    error = HuntError(code="run_stopped", message=WENT_ON_ELSEWHERE)
    ended = {"status": HuntStatus.DONE, "outcome": Outcome.INTERRUPTED, "finished_at": now, "error": error}
    return hunt.model_copy(update=ended)


def mark_of(task: Task, owner: str = "") -> str:
    """What tells that two sessions of one owner are of one task: its Task ID, else its content; "" when there is
    neither. Of other people's sessions nothing is told, not even that there is one."""
    named = task.metadata.task_id.strip().casefold()
    if not named and not task.prompt.strip():
        return ""
    told = f"id {named}" if named else f"content {task.content_hash()}"
    return hashlib.sha256(f"{owner}\n{told}".encode("utf-8", "replace")).hexdigest()[:32]


def opened_task(task: Task, order: OpenOrder, sid: str, now: datetime, name: str = "") -> Opened:
    """The session of a typed-in task, with a notebook made of it."""
    session = Session(
        session_id=sid,
        name=name or TYPED_NAME,
        owner=order.owner,
        mark=mark_of(task, order.owner),
        created_at=now,
        visibility=order.visibility,
        require_check=order.require_check,
        judge_cut_replies=order.judge_cut_replies,
        task=task,
        loaded_task=task,
    )
    return Opened(session, blank_notebook(task) if task != Task() else template_notebook())
