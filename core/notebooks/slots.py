"""The filled slots of a notebook: model reply, trace, judge's and human gradings, by slot number."""

from __future__ import annotations

import re

from core.domain.slot import Slot
from core.notebooks.cells import Cells
from core.notebooks.gradings import read_grading
from core.notebooks.headings import Role
from core.notebooks.text import neat

_TRACE_INSIDE = re.compile(r"^[ \t]*\*\*\[reasoning_trace(?:_[0-9]{1,3})?\]\*\*[ \t]*:?[ \t]*$", re.IGNORECASE | re.MULTILINE)
_OLD_TRACE = re.compile(r"^### Hunt ([0-9]{1,3})\b[^\n]*\n+(`{3,})[^\n]*\n(.*?)\n\2[ \t]*$", re.MULTILINE | re.DOTALL)


def read_slots(cells: Cells) -> tuple[Slot, ...]:
    """Every slot that has a model cell, by number. Older traces are taken from where they stand."""
    old = old_traces(cells)
    return tuple(_slot(cells, number, old) for number in cells.numbers(Role.MODEL))


def split_trace(body: str) -> tuple[str, str]:
    """(reply, trace) of a model cell's body: older files have the trace under a second token."""
    inside = _TRACE_INSIDE.search(body)
    return (neat(body[: inside.start()]), neat(body[inside.end() :])) if inside else (body, "")


def old_traces(cells: Cells) -> dict[int, str]:
    """Traces by slot from a `reasoning_traces` cell (`### Hunt k - model` and a fence); the first cell wins."""
    found: dict[int, str] = {}
    for cell in cells.all(Role.REASONING_TRACES):
        for match in _OLD_TRACE.finditer(cell.body):
            found.setdefault(int(match[1]), match[3])
    return found


def _slot(cells: Cells, number: int, old: dict[int, str]) -> Slot:
    cell = cells.find(Role.MODEL, number)
    reply, inside = split_trace(cells.body(Role.MODEL, number))
    return Slot(
        number=number,
        model=cell.heading.name if cell else "",
        response=reply,
        reasoning=cells.body(Role.REASONING_TRACE, number) or inside or old.get(number, ""),
        llm_judge=read_grading(cells.body(Role.LLM_JUDGE, number)),
        human_judge=read_grading(cells.body(Role.HUMAN_JUDGE, number)),
    )
