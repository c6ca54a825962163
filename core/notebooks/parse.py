"""A task notebook read: the task, what its slots hold, and everything odd about it as warnings."""

from __future__ import annotations

import re

from core.domain.criteria import Criterion
from core.domain.session import TaskWarning
from core.domain.slot import Slot
from core.domain.task import PassRule, Task, pass_rule_in
from core.domain.value import Value
from core.notebooks.cells import Cells, read_cells
from core.notebooks.criteria import ReadCriteria, read_criteria
from core.notebooks.document import Document, open_document
from core.notebooks.headings import Role
from core.notebooks.metadata import prompt_length_warning, read_metadata
from core.notebooks.resume import KEY, Resumed, read_resume
from core.notebooks.slots import read_slots

_NUMBER = re.compile(r"[0-9]{1,6}")
_NEEDED = {Role.PROMPT: "the prompt", Role.RESPONSE: "the reference response"}


class LoadedNotebook(Value):
    task: Task
    slots: tuple[Slot, ...] = ()
    warnings: tuple[TaskWarning, ...] = ()
    attempts_before: int = 0
    proposed_criteria: tuple[Criterion, ...] = ()
    """Read from a broken list: criteria only when the trainer confirms them."""
    resumed: Resumed | None = None
    """The earlier session, when this is an export of ours."""


def parse_notebook(raw: bytes, *, max_bytes: int) -> LoadedNotebook:
    """Everything that a task notebook says. Raises BadNotebook that names the cell and what to do; TooLarge.

    An unfinished task loads too: what is missing is a warning, so that it can be written on the page.
    """
    document = open_document(raw, max_bytes)
    cells = read_cells(document)
    criteria = read_criteria(cells.body(Role.RESPONSE_REFERENCE))
    task = _task(cells, criteria)
    resumed, damaged = _resumed(document, task)
    return LoadedNotebook(
        task=task,
        slots=read_slots(cells),
        warnings=(*_missing(cells), *_about_criteria(cells, criteria), *_about_length(cells, task), *cells.warnings,
                  *damaged),
        attempts_before=_attempts(cells),
        proposed_criteria=criteria.proposed,
        resumed=resumed,
    )


def read_task(document: Document) -> Task:
    """The task alone, as it stands in the cells."""
    cells = read_cells(document)
    return _task(cells, read_criteria(cells.body(Role.RESPONSE_REFERENCE)))


def _task(cells: Cells, criteria: ReadCriteria) -> Task:
    metadata = cells.find(Role.METADATA)
    stated = pass_rule_in(criteria.prose(cells.body(Role.RESPONSE_REFERENCE)))
    return Task(
        prompt=cells.body(Role.PROMPT),
        response=cells.body(Role.RESPONSE),
        criteria=criteria.criteria,
        pass_rule=stated or PassRule.MAJORITY,
        judge_system_prompt=cells.body(Role.JUDGE_SYSTEM_PROMPT),
        judge_prompt_template=cells.body(Role.JUDGE_PROMPT_TEMPLATE),
        metadata=read_metadata(metadata.body) if metadata else Task().metadata,
    )


def _missing(cells: Cells) -> list[TaskWarning]:
    found = []
    for role, what in _NEEDED.items():
        cell = cells.find(role)
        if cell is None:
            message = f"There is no cell **[{role}]**, so {what} is empty. Add the cell, or write it here."
            found.append(TaskWarning(code=f"missing_{role}", message=message))
        elif not cell.neat_body.strip():
            message = f"Cell {cell.index + 1} (**[{role}]**) is empty: write {what}."
            found.append(TaskWarning(code=f"empty_{role}", message=message, cell=cell.index))
    return found


def _about_criteria(cells: Cells, criteria: ReadCriteria) -> list[TaskWarning]:
    if not criteria.problem:
        return []
    cell = cells.find(Role.RESPONSE_REFERENCE)
    code = "criteria_proposed" if criteria.proposed else criteria.code
    return [TaskWarning(code=code, message=criteria.problem, cell=cell.index if cell else None)]


def _about_length(cells: Cells, task: Task) -> list[TaskWarning]:
    cell = cells.find(Role.PROMPT)
    warning = prompt_length_warning(task.metadata.prompt_length, task.prompt, cell.index if cell else None)
    return [warning] if warning else []


def _attempts(cells: Cells) -> int:
    number = _NUMBER.search(cells.body(Role.ATTEMPTS))
    return int(number[0]) if number else 0


def _resumed(document: Document, task: Task) -> tuple[Resumed | None, list[TaskWarning]]:
    """The earlier session; a warning when its record cannot be read or the cells were edited since."""
    metadata = document.metadata
    record = metadata.value.get(KEY) if metadata and isinstance(metadata.value, dict) else None
    if record is None:
        return None, []
    resumed = read_resume(record)
    if resumed is None:
        message = "The record of the earlier session in this notebook cannot be read; the cells were read instead."
        return None, [TaskWarning(code="resume_damaged", message=message)]
    if resumed.task.content_hash() != task.content_hash():
        message = "The task was edited since this notebook was exported. The cells count; earlier hunts belong to the text as it was."
        return resumed, [TaskWarning(code="edited_since_export", message=message)]
    return resumed, []
