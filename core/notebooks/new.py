"""A notebook made of a task that was typed in: the template's cells, filled."""

from __future__ import annotations

import hashlib
import json

from core.domain.task import PassRule, Task
from core.notebooks.headings import Role, token

SLOTS = 4
_RULES = {
    PassRule.MAJORITY: "To earn 1 point (PASS), the answer must PASS more than 50% of the criteria listed below:",
    PassRule.ALL: "To earn 1 point (PASS), the answer passes all of the criteria listed below:",
}


def new_notebook(task: Task) -> bytes:
    """nbformat 4.5, as Colab writes it, with empty slots 1 to 4."""
    cells = [
        "# Metadata\n\n" + "\n\n".join(f"**{key}:** - {value}" for key, value in task.metadata.entries),
        _cell(token(Role.PROMPT), task.prompt),
        _cell(token(Role.RESPONSE), task.response),
        _cell(token(Role.RESPONSE_REFERENCE), _reference(task)),
        _cell(token(Role.JUDGE_PROMPT_TEMPLATE), task.judge_prompt_template),
        _cell(token(Role.JUDGE_SYSTEM_PROMPT), task.judge_system_prompt),
    ]
    for number in range(1, SLOTS + 1):
        cells += [token(Role.MODEL, number, "model"), token(Role.LLM_JUDGE, number), token(Role.HUMAN_JUDGE, number)]
    whole = {
        "cells": [_json_cell(place, text) for place, text in enumerate(cells)],
        "metadata": {"colab": {"provenance": []}, "kernelspec": {"display_name": "Python 3", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def _reference(task: Task) -> str:
    criteria = [{"id": c.id, f"criteria{c.id[1:]}": c.text} for c in task.criteria]
    return f"{_RULES[task.pass_rule]}\n\n{json.dumps(criteria, ensure_ascii=False, indent=2)}" if criteria else ""


def _cell(heading: str, body: str) -> str:
    return f"{heading}\n\n{body}" if body else heading


def _json_cell(place: int, text: str) -> dict[str, object]:
    name = hashlib.sha256(f"{place}:{text}".encode("utf-8", "replace")).hexdigest()[:12]
    return {"cell_type": "markdown", "id": name, "metadata": {"id": name}, "source": text.splitlines(keepends=True)}
