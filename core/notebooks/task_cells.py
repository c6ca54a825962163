"""Write edited parts of the task into its cells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from core.domain.hunt import Hunt
from core.domain.session import Session
from core.domain.task import PassRule, Task
from core.notebooks.cells import Cells, Key
from core.notebooks.criteria.write import criteria_array, write_criteria
from core.notebooks.editing import Edits, headed, new_cell, place
from core.notebooks.gradings import judge_cell
from core.notebooks.headings import Role, token
from core.notebooks.text import neat, source_lines

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


def write_turns(edits: Edits, cells: Cells, session: Session, hunts: Mapping[str, Hunt]) -> None:
    """Write the session's turns over what an earlier save wrote. The judging of the replies that went on is left out
    while the judge's opinion is sealed."""
    if not session.turns:
        return
    for key, body in _bodies(session, hunts):
        cell = cells.find(*key)
        if cell is None:
            place(edits, cells, new_cell(key, body))
        elif neat(body) != cell.neat_body:
            edits.set_text(cell, headed(cell.head, body))


def _bodies(session: Session, hunts: Mapping[str, Hunt]) -> Iterator[tuple[Key, str]]:
    tasks = (*(turn.task for turn in session.turns), session.task)
    for number, task in enumerate(tasks, 1):
        yield (Role.TURN_PROMPT, number), task.prompt
        yield (Role.TURN_RESPONSE, number), task.response
        yield (Role.TURN_REFERENCE, number), reference_text(task)
        if number <= len(session.turns):
            turn = session.turns[number - 1]
            yield (Role.SELECTED_RESPONSE, number), turn.response
            hunt = hunts.get(turn.hunt_id)
            yield (Role.SELECTED_JUDGE, number), judge_cell(hunt) if hunt and not session.sealed else ""
    history = [message.model_dump() for message in session.history(session.turn)]
    yield (Role.HISTORY, None), json.dumps(history, ensure_ascii=False, indent=2)
    yield (Role.TURN_COUNT, None), str(session.turn)
    yield (Role.BREAKING_TURN, None), str(session.turn)


_RULE = {
    PassRule.MAJORITY: "To pass, a response must PASS more than 50% of the criteria listed below:",
    PassRule.ALL: "To pass, a response must PASS all of the criteria listed below:",
}


SLOTS = 4
"""Number of slots in the template."""


def template_notebook() -> bytes:
    """A task notebook with all headings and nothing below them."""
    slots = [
        (f"{name}_{number}", token(role, number, name))
        for number in range(1, SLOTS + 1)
        for role, name in ((Role.MODEL, "model"), (Role.LLM_JUDGE, "llm_judge"), (Role.HUMAN_JUDGE, "human_judge"))
    ]
    return _written([*_task_cells(Task()), *(_made(name, text) for name, text in slots)])


def blank_notebook(task: Task) -> bytes:
    """The task's cells in the notebook format 4.5, without slots. The same task gives the same bytes."""
    return _written(_task_cells(task))


def _task_cells(task: Task) -> list[dict[str, object]]:
    lines = [f"**{key}:** - {value}" for key, value in task.metadata.entries]
    bodies = {
        Role.METADATA: "\n\n".join(lines),
        Role.PROMPT: task.prompt,
        Role.RESPONSE: task.response,
        Role.RESPONSE_REFERENCE: reference_text(task),
        Role.JUDGE_PROMPT_TEMPLATE: task.judge_prompt_template,
        Role.JUDGE_SYSTEM_PROMPT: task.judge_system_prompt,
    }
    return [_cell(role, body) for role, body in bodies.items()]


def _written(cells: list[dict[str, object]]) -> bytes:
    notebook = {
        "cells": cells,
        "metadata": {
            "colab": {"provenance": []},
            "kernelspec": {"display_name": "Python 3", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def reference_text(task: Task) -> str:
    """The body of a `response_reference` cell: the pass rule in words, and the criteria."""
    return f"{_RULE[task.pass_rule]}\n\n{criteria_array(task.criteria)}" if task.criteria else ""


def _cell(role: Role, body: str) -> dict[str, object]:
    text = f"{token(role)}\n\n{body}" if body else token(role)
    return _made(role.value.removeprefix("# ").lower(), text)


def _made(name: str, text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": f"mh-{name}", "metadata": {}, "source": source_lines(text)}
