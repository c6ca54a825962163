"""How a session begins: from a notebook (a template, a finished task, our own export) or from a typed-in task."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from core.domain.hunt import Hunt
from core.domain.session import Session
from core.domain.task import Task
from core.hunt.orders import OpenOrder
from core.notebooks.blank import blank_notebook, template_notebook
from core.notebooks.parse import LoadedNotebook

TYPED_NAME = "task.ipynb"
KEPT_OF_AN_EXPORT = (
    "runs", "hunts_issued", "trials_issued", "check", "selection", "reviews", "revealed_at", "turns", "visibility",
)  # fmt: skip
"""What an export brings back of its session; the task is read from the cells, which may have been edited since."""


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
    earlier = loaded.resumed.session
    kept = {name: getattr(earlier, name) for name in KEPT_OF_AN_EXPORT}
    return Opened(session.model_copy(update=kept), raw, loaded.resumed.hunts)


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
        task=task,
        loaded_task=task,
    )
    return Opened(session, blank_notebook(task) if task != Task() else template_notebook())
