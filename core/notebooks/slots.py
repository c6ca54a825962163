"""Parse the slots of a notebook: model, reply, trace, both gradings."""

from __future__ import annotations

from core.domain.slot import Slot
from core.notebooks.cells import Cells
from core.notebooks.gradings import read_grading
from core.notebooks.headings import Role
from core.notebooks.traces import collected_traces, split_reply

SLOT_ROLES = (Role.MODEL, Role.LLM_JUDGE, Role.HUMAN_JUDGE, Role.REASONING_TRACE)
"""In the order of a slot's cells."""


def read_slots(cells: Cells) -> tuple[Slot, ...]:
    """Every slot that has a cell, by number. A slot without a model cell has model ""."""
    collected = collected_traces(cells)
    return tuple(_slot(cells, number, collected.get(number, "")) for number in cells.numbers(*SLOT_ROLES))


def _slot(cells: Cells, number: int, collected: str) -> Slot:
    model = cells.find(Role.MODEL, number)
    own_trace = cells.find(Role.REASONING_TRACE, number)
    reply, trace = model.body if model else "", ""
    if own_trace:  # then a token inside the reply is the reply's own text
        trace = own_trace.body
    else:
        reply, trace = split_reply(reply, number)
    return Slot(
        number=number,
        model=model.heading.name if model else "",
        response=reply if reply.strip() else "",
        reasoning=trace if trace.strip() else collected,
        llm_judge=read_grading(cells.body(Role.LLM_JUDGE, number)),
        human_judge=read_grading(cells.body(Role.HUMAN_JUDGE, number)),
    )
