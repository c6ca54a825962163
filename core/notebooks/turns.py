"""Conversations of several turns, read from any of the three schemes of headings."""

from __future__ import annotations

import re

from core.domain.criteria import Criterion
from core.domain.value import Value
from core.notebooks.cells import Cells
from core.notebooks.criteria import MOST_CHARS, read_criteria
from core.notebooks.headings import Role

_TURN_ROLES = (
    Role.TURN_PROMPT, Role.TURN_RESPONSE, Role.TURN_REFERENCE, Role.SELECTED_RESPONSE, Role.SELECTED_JUDGE,
)  # fmt: skip
_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)


class Turn(Value):
    number: int
    prompt: str = ""
    response: str = ""
    """The ideal response of this turn."""
    criteria: tuple[Criterion, ...] = ()
    reference: str = ""
    """The whole text that holds the criteria."""
    selected_response: str = ""
    """The reply that became part of the history."""
    selected_judge: str = ""


class Conversation(Value):
    """What a notebook says of its turns. `turns` is empty for the usual notebook with one turn."""

    turns: tuple[Turn, ...] = ()
    history: str = ""
    stated_turns: int | None = None
    breaking_turn: int | None = None


def read_conversation(cells: Cells) -> Conversation:
    return Conversation(
        turns=_turns(cells),
        history=cells.body(Role.HISTORY),
        stated_turns=_number(cells.body(Role.TURN_COUNT)),
        breaking_turn=_number(cells.body(Role.BREAKING_TURN)),
    )


def _turns(cells: Cells) -> tuple[Turn, ...]:
    """All turns. Criteria are looked for in MOST_CHARS characters of all of them together."""
    found = []
    left = MOST_CHARS
    for number in cells.numbers(*_TURN_ROLES):
        reference = cells.body(Role.TURN_REFERENCE, number)
        left -= len(reference)
        found.append(_turn(cells, number, reference, searched=left >= 0))
    return tuple(found)


def _turn(cells: Cells, number: int, reference: str, *, searched: bool) -> Turn:
    return Turn(
        number=number,
        prompt=cells.body(Role.TURN_PROMPT, number),
        response=cells.body(Role.TURN_RESPONSE, number),
        criteria=read_criteria(reference).criteria if searched else (),
        reference=reference,
        selected_response=cells.body(Role.SELECTED_RESPONSE, number),
        selected_judge=cells.body(Role.SELECTED_JUDGE, number),
    )


def _number(body: str) -> int | None:
    found = _NUMBER.search(body[:200])
    return int(found.group()) if found else None
