"""The session record inside an export, from which loading the export resumes the session.

Contains all hunts and the whole session except its id, which grants access. Tasks, which every
run holds, are written once. `sha256` is over the values, not over their JSON: an editor may rewrite 1.0 as 1.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from core.domain.hunt import Hunt
from core.domain.redaction import redact_cost, redact_verdicts
from core.domain.session import Session
from core.domain.task import Task
from core.domain.value import Value
from core.errors import BadNotebook
from core.notebooks.document import Document
from core.notebooks.record_checks import implausible, too_many_values

SCHEMA_VERSION = 1
METADATA_KEY = "model_hunter"
_LEFT_OUT = {
    "session_id": "", "version": 1, "slots": (), "warnings": (), "proposed_criteria": (), "card_secret": "",
    "turns_keys": (), "mark": "", "owner": "",
}  # fmt: skip
"""The ids of session and cards are secrets, the version counts on from 1, and the rest is read from the cells again.
Keys of requests stay out too: they belong to the session that they were sent to.
Whose it was stays out as well: notebooks are handed on."""

_RECORD_MARK = re.compile(METADATA_KEY.encode() + rb"|\\u00(?:5f|6[4-9a-f]|7[245])", re.IGNORECASE)
"""The key, or an escape that one of its letters may be written as."""


def may_hold_record(raw: bytes) -> bool:
    """Whether the file may be an export. Reading one may be dear however short it is: runs have hunts."""
    return _RECORD_MARK.search(raw) is not None


def stored_record(document: Document) -> Any:
    """The record of an earlier export in the notebook's metadata, or None."""
    metadata = document.metadata
    return metadata.value.get(METADATA_KEY) if metadata else None


class Resumed(Value):
    """A session from an export. `session.session_id` is "": the caller gives it a new one."""

    session: Session
    hunts: tuple[Hunt, ...] = ()
    """All hunts of all runs, by number."""
    judge_hidden: bool = False
    """Exported blind, before reveal: the hunts have outcomes and no verdicts."""


def resume_record(session: Session, hunts: Sequence[Hunt], *, judge_hidden: bool = False) -> dict[str, Any]:
    """The record of a session as JSON values. `judge_hidden`: leave out everything of the judge but the outcomes."""
    kept = [h.model_copy(update={"judging_key": ""}) for h in sorted(hunts, key=lambda hunt: hunt.number)]
    if judge_hidden:
        kept = [redact_verdicts(hunt) for hunt in kept]
    runs = tuple(
        run.model_copy(update={"idempotency_key": "", "stop_reason": redact_cost(run.stop_reason)})
        for run in session.runs
    )
    head_only = session.model_copy(update={**_LEFT_OUT, "runs": runs})
    resumed = Resumed(session=head_only, hunts=tuple(kept), judge_hidden=judge_hidden)
    tasks: list[Any] = []
    head = resumed.session.model_dump(mode="json", exclude_defaults=True) | {"session_id": ""}
    for holder, key in _holders(head):
        task = holder.get(key, {})
        if task not in tasks:
            tasks.append(task)
        holder[key] = tasks.index(task)
    return {
        "schema_version": SCHEMA_VERSION,
        "generator": "model-hunter",
        "judge_hidden": judge_hidden,
        "session": head,
        "tasks": tasks,
        "hunts": [hunt.model_dump(mode="json", exclude_defaults=True) for hunt in kept],
        "sha256": _digest(resumed),
    }


def read_resume(record: Any) -> Resumed:
    """What `resume_record` wrote. Raises BadNotebook when it is damaged or of a newer version."""
    if not isinstance(record, dict) or not isinstance(record.get("schema_version"), int):
        raise _damaged("it has no schema version")
    if record["schema_version"] != SCHEMA_VERSION:
        raise BadNotebook(
            f"The session kept in the notebook has version {record['schema_version']}; this Model Hunter reads "
            f"version {SCHEMA_VERSION}.",
            hint="Update Model Hunter to go on with that session.",
            code="resume_version",
        )
    try:
        if too_many := too_many_values(record):
            raise _damaged(too_many)
        head = dict(record["session"])
        tasks = [Task.model_validate(task) for task in record["tasks"]]  # each once: the runs share them
        head |= {name: [dict(row) for row in head[name]] for name in ("runs", "turns") if name in head}
        for holder, key in _holders(head):
            holder[key] = tasks[holder[key]]
        hunts = tuple(Hunt.model_validate(hunt) for hunt in record["hunts"])
        resumed = Resumed(
            session=Session.model_validate(head), hunts=hunts, judge_hidden=record.get("judge_hidden") is True
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _damaged(_first_problem(error)) from error
    try:
        digest = _digest(resumed)
    except PydanticSerializationError as error:
        raise _damaged("a text in it holds half a character") from error
    if record.get("sha256") != digest:
        raise _damaged("its checksum does not fit, somebody has changed it")
    if wrong := implausible(resumed.session, resumed.hunts):
        raise _damaged(wrong)
    return resumed


def _holders(head: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Every place in a session's JSON where a task stands."""
    rows = (*head.get("runs", ()), *head.get("turns", ()))
    return [(head, "task"), (head, "loaded_task"), *((row, "task") for row in rows)]


def _digest(resumed: Resumed) -> str:
    """Defaults are left out, so that a field that is added later does not change what was kept before."""
    return hashlib.sha256(resumed.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def _damaged(why: str) -> BadNotebook:
    return BadNotebook(
        f"The session kept in the notebook's metadata is damaged: {why}.",
        hint="The task and the slots can be used; the earlier hunts cannot be gone on with.",
        code="resume_damaged",
    )


def _first_problem(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return "a part of it is missing"
