"""What an export holds for machines, under `model_hunter` in the notebook's metadata: loading it resumes the session."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from core.domain.hunt import Hunt
from core.domain.run import Run
from core.domain.session import ReferenceCheck, Selection, Session
from core.domain.task import Task
from core.domain.value import Value

KEY = "model_hunter"
SCHEMA = 1


class Resumed(Value):
    """An earlier session as its export tells it."""

    schema_version: int = SCHEMA
    task: Task
    attempts_before: int
    hunts_issued: int
    runs: tuple[Run, ...]
    hunts: tuple[Hunt, ...]
    check: ReferenceCheck
    selection: Selection
    """The hunts that stand in the slots, in order."""
    replies: dict[str, str]
    """Hunt id to the SHA-256 of its reply: the cells of the slots can be compared with it."""


def resume_record(session: Session, hunts: Sequence[Hunt], selected: Sequence[Hunt]) -> dict[str, Any]:
    """The record, as JSON values."""
    whole = Resumed(
        task=session.task,
        attempts_before=session.attempts_before,
        hunts_issued=session.hunts_issued,
        runs=session.runs,
        hunts=tuple(hunts),
        check=session.check,
        selection=session.selection.model_copy(update={"hunt_ids": tuple(h.hunt_id for h in selected)}),
        replies={h.hunt_id: hashlib.sha256(h.reply.text.encode()).hexdigest() for h in selected if h.reply},
    )
    return whole.model_dump(mode="json")


def read_resume(record: Any) -> Resumed | None:
    """The earlier session, or None when the record is not one of ours or is damaged."""
    try:
        resumed = Resumed.model_validate(record)
    except ValidationError:
        return None
    return resumed if resumed.schema_version == SCHEMA else None
