"""The result cells: what stands in the slots, their traces, and the number of attempts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.domain.hunt import Hunt
from core.domain.session import Session
from core.notebooks.cells import Cells, Key
from core.notebooks.gradings import judge_cell
from core.notebooks.headings import RESERVED_NAMES, Role

Body = tuple[Key, str, str]
"""(cell, its body, the model's name when the heading must change)"""


def result_bodies(cells: Cells, selected: Sequence[Hunt], session: Session, attempts: int) -> Iterator[Body]:
    """Every result cell with its new body. Slots beyond the selection are emptied, and a review of an earlier hunt does
    not stay beside a new one."""
    for number, hunt in enumerate(selected, 1):
        yield from _slot(cells, number, hunt, session)
    for number in cells.numbers(Role.MODEL, Role.LLM_JUDGE, Role.HUMAN_JUDGE, Role.REASONING_TRACE):
        if number > len(selected):
            for role in (Role.MODEL, Role.LLM_JUDGE, Role.HUMAN_JUDGE, Role.REASONING_TRACE):
                if cells.find(role, number):
                    yield (role, number), "", ""
    if cells.find(Role.REASONING_TRACES):
        yield (Role.REASONING_TRACES, None), "", ""  # the traces stand in their own cells now
    yield (Role.ATTEMPTS, None), str(attempts), ""


def model_name(model: str) -> str:
    """A short name for a heading: the model's own name without provider, owner and variant."""
    last = model.rpartition("/")[2].partition(":")[0]
    name = re.sub(r"[^\w.()+-]+", "-", last).strip("-") or "model"
    return f"{name}-model" if name.casefold() in RESERVED_NAMES else name


def _slot(cells: Cells, number: int, hunt: Hunt, session: Session) -> Iterator[Body]:
    reply = hunt.reply
    if reply is None:
        raise ValueError("only hunts with a reply stand in slots")
    cell = cells.find(Role.MODEL, number)
    wanted = model_name(hunt.model)
    fits = cell is not None and _fits(cell.heading.name, hunt.model)
    name = "" if fits else wanted
    yield (Role.MODEL, number), reply.text, name
    yield (Role.LLM_JUDGE, number), judge_cell(hunt), ""
    if cell is None or cells.body(Role.MODEL, number) != reply.text or cells.find(Role.HUMAN_JUDGE, number) is None:
        yield (Role.HUMAN_JUDGE, number), "", ""
    if reply.reasoning or cells.find(Role.REASONING_TRACE, number):
        yield (Role.REASONING_TRACE, number), reply.reasoning, ""


def _fits(heading: str, model: str) -> bool:
    """Whether a heading names that model: all of its letters and digits stand in the model's id, in order and together."""
    plain = re.sub(r"[^a-z0-9]", "", heading.casefold())
    return bool(plain) and plain in re.sub(r"[^a-z0-9]", "", model.casefold())
