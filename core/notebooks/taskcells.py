"""Write edited parts of the task into its cells."""

from __future__ import annotations

from core.domain.task import Task
from core.notebooks.cells import Cells
from core.notebooks.criteria_write import write_criteria
from core.notebooks.editing import Edits, headed, new_cell
from core.notebooks.headings import Role
from core.notebooks.placing import place
from core.notebooks.text import neat

_TEXTS = (
    (Role.PROMPT, "prompt"),
    (Role.RESPONSE, "response"),
    (Role.JUDGE_PROMPT_TEMPLATE, "judge_prompt_template"),
    (Role.JUDGE_SYSTEM_PROMPT, "judge_system_prompt"),
)


def write_task(edits: Edits, cells: Cells, task: Task, loaded: Task) -> None:
    """Write what `task` says otherwise than `loaded` into its cells; a cell that says it already is left alone."""
    for role, name in _TEXTS:
        text = getattr(task, name)
        if text != getattr(loaded, name):
            _write(edits, cells, role, text)
    if task.criteria != loaded.criteria:
        body = cells.body(Role.RESPONSE_REFERENCE)
        _write(edits, cells, Role.RESPONSE_REFERENCE, write_criteria(body, task.criteria))


def _write(edits: Edits, cells: Cells, role: Role, text: str) -> None:
    cell = cells.find(role)
    if cell is None:
        if text.strip():
            place(edits, cells, new_cell((role, None), text))
    elif neat(text) != cell.neat_body:
        edits.set_text(cell, headed(cell.head, text))
