"""The task's cells, rewritten only where the task was edited."""

from __future__ import annotations

import json
from collections.abc import Iterator

from core.domain.criteria import Criterion
from core.domain.task import Task
from core.notebooks.cells import Cells, Key
from core.notebooks.criteria import read_criteria
from core.notebooks.criteria_found import Form, Found
from core.notebooks.headings import Role


def edited_bodies(cells: Cells, written: Task, task: Task) -> Iterator[tuple[Key, str]]:
    """(cell, new body) for each part of the task that differs from what the notebook says."""
    parts = (
        (Role.PROMPT, written.prompt, task.prompt),
        (Role.RESPONSE, written.response, task.response),
        (Role.JUDGE_PROMPT_TEMPLATE, written.judge_prompt_template, task.judge_prompt_template),
        (Role.JUDGE_SYSTEM_PROMPT, written.judge_system_prompt, task.judge_system_prompt),
    )
    for role, before, after in parts:
        if before != after:
            yield (role, None), after
    if written.criteria != task.criteria:
        yield (Role.RESPONSE_REFERENCE, None), criteria_body(cells.body(Role.RESPONSE_REFERENCE), task.criteria)


def criteria_body(body: str, criteria: tuple[Criterion, ...]) -> str:
    """The body with its list of criteria replaced, in the form that it has; the prose around it stays."""
    read = read_criteria(body)
    form = read.found.form if read.found else Form.OBJECTS
    listed = _listed(form, criteria, read.found)
    if read.span is None:
        return f"{body}\n\n{listed}" if body.strip() else listed
    return body[: read.span.start] + listed + body[read.span.end :]


def _listed(form: Form, criteria: tuple[Criterion, ...], found: Found | None) -> str:
    if form is Form.MAPPING:
        return json.dumps({c.id: c.text for c in criteria}, ensure_ascii=False, indent=2)
    if form in {Form.LINES, Form.BULLETS}:
        return "\n".join(f"{c.id}: {' '.join(c.text.split())}" for c in criteria)
    if form is Form.TABLE:
        rows = [f"| {c.id} | {' '.join(c.text.split()).replace('|', chr(92) + '|')} |" for c in criteria]
        return "\n".join(["| id | criterion |", "|---|---|", *rows])
    plain = found is not None and any(item.text_key == "criteria" for item in found.items)
    rows = [
        json.dumps({"id": c.id, "criteria" if plain else f"criteria{c.id[1:]}": c.text}, ensure_ascii=False)
        for c in criteria
    ]
    return "[\n  " + ",\n  ".join(rows) + "\n]"
