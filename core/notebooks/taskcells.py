"""The task's cells, rewritten only where the task was edited."""

from __future__ import annotations

from collections.abc import Iterator

from core.domain.task import Task
from core.notebooks.cells import Cells, Key
from core.notebooks.criteria_write import write_criteria
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
        yield (Role.RESPONSE_REFERENCE, None), write_criteria(cells.body(Role.RESPONSE_REFERENCE), task.criteria)

