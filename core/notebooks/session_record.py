"""The session record inside an export, from which loading the export resumes the session.

Contains all hunts and the whole session except its id, which grants access. Tasks, which every run contains, and
parameters of hunts are written once. `sha256` is over the values, not over their JSON, because an editor may rewrite
1.0 as 1.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from core.domain.hunt import Hunt
from core.domain.parameters import Parameters
from core.domain.rates import break_rate_interval
from core.domain.run import Tally
from core.domain.second_review import SecondReview
from core.domain.session import Session
from core.domain.task import Task
from core.domain.value import Value
from core.domain.verdict_redaction import redact_cost, redact_verdicts
from core.errors import BadNotebook
from core.notebooks.document import Document
from core.notebooks.session_record_checks import implausible, too_many_values

SCHEMA_VERSION = 1
METADATA_KEY = "model_hunter"
_LEFT_OUT = {
    "session_id": "", "version": 1, "slots": (), "warnings": (), "proposed_criteria": (), "card_secret": "",
    "turns_keys": (), "mark": "", "owner": "", "transfers": (), "readers": (), "comments": (),
}  # fmt: skip
"""Not in the record: session and card ids are secrets, the version continues from 1, and other fields are read from
the cells again. Idempotency keys belong to the session that they were sent to. The owner, comments, and to whom the
session was given are omitted because notebooks are passed on."""

_RECORD_MARK = re.compile(METADATA_KEY.encode() + rb"|\\u00(?:5f|6[4-9a-f]|7[245])", re.IGNORECASE)
"""The key, or an escape of one of its characters."""


def may_hold_record(raw: bytes) -> bool:
    """Whether the file may be an export. Even a short one can be expensive to read, because runs have hunts."""
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
    """Exported blind, before reveal: the hunts have outcomes but no verdicts."""


def resume_record(session: Session, hunts: Sequence[Hunt], *, judge_hidden: bool = False) -> dict[str, Any]:
    """The record of a session as JSON values. `judge_hidden`: omit everything from the judge except the outcomes."""
    kept = [_without_keys(hunt) for hunt in sorted(hunts, key=lambda hunt: hunt.number)]
    if judge_hidden:
        kept = [redact_verdicts(hunt) for hunt in kept]
    runs = tuple(
        run.model_copy(update={"idempotency_key": "", "stop_reason": redact_cost(run.stop_reason)})
        for run in session.runs
    )
    checked = session.two_sided_check.without_keys()
    report = session.robustness.model_copy(update={"idempotency_key": ""})
    changes = {"runs": runs, "two_sided_check": checked, "robustness": report, "second_review": _second_review(session)}
    head_only = session.model_copy(update=_LEFT_OUT | changes)
    resumed = Resumed(session=head_only, hunts=tuple(kept), judge_hidden=judge_hidden)
    head = resumed.session.model_dump(mode="json", exclude_defaults=True) | {"session_id": ""}
    rows = [hunt.model_dump(mode="json", exclude_defaults=True) for hunt in kept]
    for holder, key in _holders(head):
        holder.setdefault(key, {})
    tasks = _write_once(_holders(head))
    parameters = _write_once(_parameter_holders(rows))
    return {
        "schema_version": SCHEMA_VERSION,
        "generator": "model-hunter",
        "judge_hidden": judge_hidden,
        "session": head,
        "tasks": tasks,
        **({"parameters": parameters} if parameters else {}),
        "hunts": rows,
        "rates": _rates(session, kept),
        "sha256": _digest(resumed),
    }


def _second_review(session: Session) -> SecondReview | None:
    """Return it once both reviewers are done, without names but of those who settled differences: a name in the record
    would give access to whatever session the notebook is loaded as."""
    if session.second_review is None or not session.both_reviewed:
        return None
    return session.second_review.model_copy(update={"reviewer": "", "asked_by": ""})


def _rates(session: Session, hunts: Sequence[Hunt]) -> dict[str, Any]:
    """Break rates by run, for readers of the record; nothing is resumed from them."""
    tallies = {run.run_id: Tally() for run in session.runs if not run.trial}
    for hunt in hunts:
        if hunt.run_id in tallies:
            tallies[hunt.run_id].replace(None, hunt)
    rates = {}
    for run_id, tally in tallies.items():
        run = session.run(run_id)
        counts = tally.counts(run.hunts)
        if interval := break_rate_interval(run, counts):
            count = {"broke": counts.rated_broke, "decided": counts.rated_decided, "break_rate": counts.break_rate}
            share = {"share": "uniform"} if run.is_adaptive else {}
            rates[run_id] = {**count, **share, "break_rate_interval": interval._asdict()}
    return rates


def _without_keys(hunt: Hunt) -> Hunt:
    opinions = tuple(opinion.model_copy(update={"key": ""}) for opinion in hunt.opinions)
    return hunt.model_copy(update={"judging_key": "", "opinions": opinions})


def read_resume(record: Any) -> Resumed:
    """Reads what `resume_record` wrote. Raises BadNotebook if it is damaged or from a newer version."""
    if not isinstance(record, dict) or not isinstance(record.get("schema_version"), int):
        raise _damaged("it has no schema version")
    if record["schema_version"] != SCHEMA_VERSION:
        raise BadNotebook(
            f"The session in the notebook has version {record['schema_version']}; this release reads "
            f"version {SCHEMA_VERSION}.",
            hint="Update Model Hunter to resume that session.",
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
        hunts = tuple(_read_hunts(record))
        resumed = Resumed(
            session=Session.model_validate(head), hunts=hunts, judge_hidden=record.get("judge_hidden") is True
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _damaged(_first_problem(error)) from error
    try:
        digest = _digest(resumed)
    except PydanticSerializationError as error:
        raise _damaged("a text contains half a character") from error
    if record.get("sha256") != digest:
        raise _damaged("its checksum does not match, so it was modified")
    if wrong := implausible(resumed.session, resumed.hunts):
        raise _damaged(wrong)
    return resumed


def _read_hunts(record: dict[str, Any]) -> Iterator[Hunt]:
    parameters = [Parameters.model_validate(one) for one in record.get("parameters", ())]
    rows = [dict(row) for row in record["hunts"]]
    for holder, key in _parameter_holders(rows):
        if isinstance(holder[key], int):  # exports of a version under development have the values themselves
            holder[key] = parameters[holder[key]]
    yield from map(Hunt.model_validate, rows)


def _holders(head: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """All tasks in a session's JSON."""
    rows = (*head.get("runs", ()), *head.get("turns", ()))
    return [(head, "task"), (head, "loaded_task"), *((row, "task") for row in rows)]


def _parameter_holders(hunts: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
    """All parameters in hunts' JSON. They may have a long system prompt, and most hunts share them."""
    return [(hunt, key) for hunt in hunts for key in ("parameters", "judge_parameters") if key in hunt]


def _write_once(holders: Sequence[tuple[dict[str, Any], str]]) -> list[Any]:
    """Replace each value by its place in the returned list of the distinct ones."""
    places: dict[str, int] = {}
    values: list[Any] = []
    for holder, key in holders:
        place = places.setdefault(json.dumps(holder[key], sort_keys=True), len(values))
        if place == len(values):
            values.append(holder[key])
        holder[key] = place
    return values


def _digest(resumed: Resumed) -> str:
    """Omits defaults, so that adding a field does not change stored records."""
    return hashlib.sha256(resumed.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def _damaged(why: str) -> BadNotebook:
    return BadNotebook(
        f"The session in the notebook's metadata is damaged: {why}.",
        hint="The task and the slots are loaded; the earlier hunts cannot be resumed.",
        code="resume_damaged",
    )


def _first_problem(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return "a part of it is missing"
