"""Writes a session into cells: edited parts of the task, turns, slots and attempts; and notebooks of a task alone."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain.hunt import Hunt
from core.domain.parameters import is_default
from core.domain.session import Session
from core.domain.task import PassRule, Task
from core.domain.verdict_redaction import redact_verdicts
from core.notebooks.cells import RESERVED_NAMES, SLOT_ROLES, Cells, Key, Role, token
from core.notebooks.criteria.write import criteria_array, write_criteria
from core.notebooks.editing import Edits, attempts_last, headed, new_cell, place
from core.notebooks.slots import judge_cell, split_reply, with_attempts
from core.notebooks.text import neat, source_lines

_TEXTS = (
    (Role.PROMPT, "prompt"),
    (Role.RESPONSE, "response"),
    (Role.JUDGE_PROMPT_TEMPLATE, "judge_prompt_template"),
    (Role.JUDGE_SYSTEM_PROMPT, "judge_system_prompt"),
)


def write_task(edits: Edits, cells: Cells, task: Task, loaded: Task) -> None:
    """Write the parts of `task` that differ from `loaded` into their cells; equal cells are not changed."""
    for role, name in _TEXTS:
        text = getattr(task, name)
        if text != getattr(loaded, name):
            _write(edits, cells, (role, None), text, create=bool(text.strip()))
    if task.criteria != loaded.criteria:
        body = write_criteria(cells.body(Role.RESPONSE_REFERENCE), task.criteria)
        _write(edits, cells, (Role.RESPONSE_REFERENCE, None), body, create=bool(body.strip()))


def _write(edits: Edits, cells: Cells, key: Key, text: str, *, create: bool) -> None:
    cell = cells.find(*key)
    if cell is None:
        if create:
            place(edits, cells, new_cell(key, text))
    elif neat(text) != cell.neat_body:
        edits.set_text(cell, headed(cell.head, text))


def write_turns(edits: Edits, cells: Cells, session: Session, hunts: Mapping[str, Hunt]) -> None:
    """Write the session's turns over those of an earlier save. While sealed, the verdicts on the continued replies are
    omitted."""
    if not session.turns:
        return
    for key, body in _bodies(session, hunts):
        _write(edits, cells, key, body, create=True)


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
    """A task notebook with all headings and empty bodies."""
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


@dataclass(frozen=True)
class SlotText:
    """The contents of one slot's cells; `reviewed` is None if nobody has reviewed this hunt here."""

    hunt: Hunt
    judged: str
    reviewed: str | None = None

    @property
    def reply(self) -> str:
        return self.hunt.reply.text if self.hunt.reply else ""

    @property
    def reasoning(self) -> str:
        return self.hunt.reply.reasoning if self.hunt.reply else ""


class ResultCells:
    """Writes the results into existing cells and adds missing ones."""

    def __init__(self, edits: Edits, cells: Cells, earlier_reviews: Mapping[str, str]) -> None:
        self._edits = edits
        self._cells = cells
        self._reviews = earlier_reviews
        """Reviews written into an earlier export, by hunt id."""

    def write(self, slots: Sequence[SlotText], attempts: int) -> None:
        """Writes the k-th of `slots` to slot k, empties further slots, removes older traces, and puts the attempts
        last."""
        for number, slot in enumerate(slots, 1):
            self._write_slot(number, slot)
        for number in self._cells.numbers(*SLOT_ROLES):
            for role in SLOT_ROLES if number > len(slots) else ():
                self._set(role, number, "", create=False)
        for cell in self._cells.all(Role.REASONING_TRACES):
            self._edits.remove(cell)
        self.write_attempts(attempts)

    def write_attempts(self, attempts: int) -> None:
        self._set(Role.ATTEMPTS, None, with_attempts(self._cells.body(Role.ATTEMPTS), attempts))
        attempts_last(self._edits, self._cells)

    def _write_slot(self, number: int, slot: SlotText) -> None:
        model, simulated = slot.hunt.model, slot.hunt.simulated
        cell = self._cells.find(Role.MODEL, number)
        stays = cell is not None and fits(cell.heading.name, model, simulated=simulated)
        self._set(Role.MODEL, number, slot.reply, name="" if stays else heading_name(model, simulated=simulated))
        self._set(Role.LLM_JUDGE, number, slot.judged)
        earlier = self._reviews.get(slot.hunt.hunt_id, "")
        self._set(Role.HUMAN_JUDGE, number, earlier if slot.reviewed is None else slot.reviewed)
        ambiguous = split_reply(slot.reply, number)[0] != slot.reply
        self._set(Role.REASONING_TRACE, number, slot.reasoning, create=bool(slot.reasoning) or ambiguous)

    def _set(self, role: Role, number: int | None, body: str, *, name: str = "", create: bool = True) -> None:
        cell = self._cells.find(role, number)
        if cell is None:
            if create:
                place(self._edits, self._cells, new_cell((role, number), body, name))
            return
        head = cell.head
        if name:
            head = head[: cell.heading.name_start] + name + head[cell.heading.name_end :]
        same = cell.body == body if body else not cell.body.strip()
        if name or not same:
            self._edits.set_text(cell, headed(head, body), keep_line_ends=False)


def delivered(hunts: Sequence[Hunt], *, judge_hidden: bool) -> list[dict[str, Any]]:
    """For programs: the hunt in each slot, how it was made and judged, and a hash of its texts."""
    shown = [redact_verdicts(hunt) for hunt in hunts] if judge_hidden else hunts
    return [_delivered(number, hunt, judge_hidden) for number, hunt in enumerate(shown, 1)]


def _delivered(number: int, hunt: Hunt, judge_hidden: bool) -> dict[str, Any]:
    reply = hunt.reply
    row: dict[str, Any] = {
        "slot": number,
        "hunt_id": hunt.hunt_id,
        "run_id": hunt.run_id,
        "number": hunt.number,
        "provider": hunt.model.partition("/")[0],
        "model": hunt.model,
        **({"label": hunt.label} if hunt.label else {}),
        **({} if is_default(hunt.parameters) else {"parameters": hunt.parameters.chosen}),
        "answered_by": reply.model if reply else "",
        **({"upstream": reply.upstream} if reply and reply.upstream else {}),
        "simulated": hunt.simulated,
        "started_at": hunt.started_at.isoformat() if hunt.started_at else None,
        "finished_at": hunt.finished_at.isoformat() if hunt.finished_at else None,
        "cost_usd": reply.cost_usd if reply else None,
        "outcome": hunt.outcome.value if hunt.outcome else None,
        "response_sha256": text_hash(reply.text if reply else ""),
        "reasoning_sha256": text_hash(reply.reasoning if reply else ""),
        **({"cut_off": True} if hunt.cut_off else {}),
    }
    if judge_hidden:
        return row
    return row | {
        "judge_cost_usd": hunt.judge_cost_usd,
        "judges": sorted({v.judge_model for v in hunt.verdicts if v.judge_model}),
        "verdicts": {v.criterion_id: v.verdict.value for v in hunt.verdicts},
        **({"confidence": sure} if (sure := _confidence(hunt)) else {}),
    }


def _confidence(hunt: Hunt) -> dict[str, float]:
    """By criterion, where the judge's API gives it."""
    return {v.criterion_id: v.confidence for v in hunt.verdicts if v.confidence is not None}


def earlier_reviews(cells: Cells, record: Any) -> dict[str, str]:
    """By hunt id: the reviews of an earlier export whose hunt's reply is still in its slot."""
    rows = record.get("delivered") if isinstance(record, dict) else None
    found: dict[str, str] = {}
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, dict) or not isinstance(row.get("slot"), int):
            continue
        model, review = (cells.find(role, row["slot"]) for role in (Role.MODEL, Role.HUMAN_JUDGE))
        if model and review and text_hash(model.body) == row.get("response_sha256"):
            found[str(row.get("hunt_id"))] = review.body
    return found


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


MAX_NAME = 80
_UNFIT = re.compile(r"[^\w.()+-]+")
_WORDS = re.compile(r"[a-z]+[0-9.]*[a-z0-9]*|[0-9][0-9.]*[a-z]*")


def heading_name(model: str, *, simulated: bool = False) -> str:
    """`openrouter/nvidia/nemotron-3-nano-30b-a3b:free` gives `nemotron-3-nano-30b-a3b`. Simulated models are marked."""
    last = model.rstrip("/").rpartition("/")[2].partition(":")[0]
    name = _UNFIT.sub("-", last).strip("-_.")[:MAX_NAME] or "model"
    if simulated and "simulated" not in name.casefold():
        name = f"simulated-{name}"
    return f"model-{name}" if _would_be_misread(name) else name


def fits(written: str, model: str, *, simulated: bool = False) -> bool:
    """Whether an existing heading already names `model`.

    `nemotron` and `Qwen` match as families. A heading with numbers must match them exactly, and must not omit a word
    of the model's name: `GPT-5` is not gpt-5-mini and not gpt-5.2; `Qwen3-235B(Thinking)` is
    qwen3-235b-a22b-thinking-2507.
    """
    name = heading_name(model, simulated=simulated)
    if written.casefold() == name.casefold():
        return True
    said: list[str] = _WORDS.findall(written.casefold())
    meant: list[str] = _WORDS.findall(name.casefold())
    if not said or not meant or _would_be_misread(written):
        return False
    if len(said) == 1 and said[0].isalpha():
        return said[0] == _letters(meant[0])
    left = list(meant)
    for word in said:
        if word not in left:
            return False
        left.remove(word)
    return said[0] == meant[0] and not any(word.isalpha() for word in left)


def _letters(word: str) -> str:
    return re.sub(r"[0-9].*", "", word)


def _would_be_misread(name: str) -> bool:
    return name.casefold() in RESERVED_NAMES
