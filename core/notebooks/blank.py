"""Notebooks made from a task, and the empty template."""

from __future__ import annotations

import json

from core.domain.task import PassRule, Task
from core.notebooks.criteria_write import criteria_array
from core.notebooks.headings import Role, token
from core.notebooks.text import source_lines

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
