"""How a session begins: from a notebook (a template, a finished task, our own export) or from a typed-in task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.domain.hunt import Hunt
from core.domain.session import Session
from core.domain.task import Task
from core.hunt.orders import OpenOrder
from core.notebooks.new import new_notebook
from core.notebooks.parse import LoadedNotebook

TYPED_NAME = "task.ipynb"


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
        created_at=now,
        visibility=order.visibility,
        require_check=order.require_check,
        task=loaded.task,
        loaded_task=loaded.task,
        warnings=loaded.warnings,
        proposed_criteria=loaded.proposed_criteria,
        slots=loaded.slots,
        attempts_before=loaded.attempts_before,
    )
    resumed = loaded.resumed
    if resumed is None:
        return Opened(session, raw)
    again = {
        "runs": resumed.runs,
        "hunts_issued": resumed.hunts_issued,
        "check": resumed.check,
        "selection": resumed.selection,
        "attempts_before": resumed.attempts_before,
    }
    return Opened(session.model_copy(update=again), raw, resumed.hunts)


def opened_task(task: Task, order: OpenOrder, sid: str, now: datetime) -> Opened:
    """The session of a typed-in task, with a notebook made of it."""
    session = Session(
        session_id=sid,
        name=TYPED_NAME,
        created_at=now,
        visibility=order.visibility,
        require_check=order.require_check,
        task=task,
        loaded_task=task,
    )
    return Opened(session, new_notebook(task))
