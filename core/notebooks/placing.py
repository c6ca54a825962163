"""The position of a new cell: the standard order of headings, as far as the file follows it."""

from __future__ import annotations

from collections.abc import Iterator

from core.notebooks.cells import Cells, Key
from core.notebooks.editing import Added, Edits
from core.notebooks.headings import Role
from core.notebooks.slots import SLOT_ROLES

TASK_ROLES = (
    Role.METADATA, Role.PROMPT, Role.RESPONSE, Role.RESPONSE_REFERENCE, Role.JUDGE_PROMPT_TEMPLATE,
    Role.JUDGE_SYSTEM_PROMPT,
)  # fmt: skip


TURN_ROLES = (
    Role.TURN_PROMPT, Role.TURN_RESPONSE, Role.TURN_REFERENCE, Role.SELECTED_RESPONSE, Role.SELECTED_JUDGE,
)  # fmt: skip
CONVERSATION_ROLES = (Role.HISTORY, Role.TURN_COUNT, Role.BREAKING_TURN)


def place(edits: Edits, cells: Cells, added: Added) -> None:
    """Insert a new cell behind its nearest neighbour of the written order, else before the next one, else last."""
    for key, step in _neighbours(cells, edits, added.key):
        at = _standing(edits, cells, key)
        if at is not None:
            edits.insert(at + step, added)
            return
    edits.insert(len(edits.order), added)


def attempts_last(edits: Edits, cells: Cells) -> None:
    """Move the attempts to the end if a slot's cell stands behind them, unless a repeated one would then come first."""
    cell = cells.find(Role.ATTEMPTS)
    at = _standing(edits, cells, (Role.ATTEMPTS, None))
    repeated = any(c.heading.role is Role.ATTEMPTS for c in cells.others)
    if cell is None or at is None or repeated:
        return
    of_slots = {c.index for c in cells.by_key.values() if c.heading.role in SLOT_ROLES}
    if any(p in of_slots if isinstance(p, int) else p.key[0] in SLOT_ROLES for p in edits.order[at + 1 :]):
        edits.move_to_end(cell)


def _neighbours(cells: Cells, edits: Edits, key: Key) -> Iterator[tuple[Key, int]]:
    """(key, 1) to stand behind that cell, (key, 0) to stand before it; the best first."""
    role, number = key
    if role in TASK_ROLES:
        rank = TASK_ROLES.index(role)
        yield from (((r, None), 1) for r in reversed(TASK_ROLES[:rank]))
        yield from (((r, None), 0) for r in TASK_ROLES[rank + 1 :])
    if role in TURN_ROLES or role in CONVERSATION_ROLES:
        yield from _neighbours_of_turn(cells, edits, key)
    if role in SLOT_ROLES and number is not None:
        rank = SLOT_ROLES.index(role)
        yield from (((r, number), 1) for r in reversed(SLOT_ROLES[:rank]))
        yield from (((r, number), 0) for r in SLOT_ROLES[rank + 1 :])
        slots = sorted({*cells.numbers(*SLOT_ROLES), *(n for r, n in edits.added if r in SLOT_ROLES and n)})
        yield from (((r, n), 1) for n in reversed(slots) if n < number for r in reversed(SLOT_ROLES))
        yield from (((r, n), 0) for n in slots if n > number for r in SLOT_ROLES)
        yield from (((r, None), 1) for r in reversed(CONVERSATION_ROLES))
        yield from (((r, None), 1) for r in reversed(TASK_ROLES))
        yield (Role.ATTEMPTS, None), 0


def _neighbours_of_turn(cells: Cells, edits: Edits, key: Key) -> Iterator[tuple[Key, int]]:
    """Turns stand behind the task, one after the other, and what is said of all of them behind the last."""
    role, number = key
    if role in CONVERSATION_ROLES:
        rank = CONVERSATION_ROLES.index(role)
        yield from (((r, None), 1) for r in reversed(CONVERSATION_ROLES[:rank]))
        yield from (((r, None), 0) for r in CONVERSATION_ROLES[rank + 1 :])
    elif number is not None:
        rank = TURN_ROLES.index(role)
        yield from (((r, number), 1) for r in reversed(TURN_ROLES[:rank]))
        yield from (((r, number), 0) for r in TURN_ROLES[rank + 1 :])
    turns = sorted({*cells.numbers(*TURN_ROLES), *(n for r, n in edits.added if r in TURN_ROLES and n)})
    before = [n for n in turns if number is None or n < number]
    yield from (((r, n), 1) for n in reversed(before) for r in reversed(TURN_ROLES))
    yield from (((r, n), 0) for n in turns if n not in before for r in TURN_ROLES)
    yield from (((r, None), 1) for r in reversed(TASK_ROLES))
    slots = cells.numbers(*SLOT_ROLES)
    yield from (((r, n), 0) for n in slots for r in SLOT_ROLES)
    yield (Role.ATTEMPTS, None), 0


def _standing(edits: Edits, cells: Cells, key: Key) -> int | None:
    """Where the cell of that key stands now, old or new; None when there is none."""
    cell = cells.find(*key)
    added = edits.added.get(key)
    place = added if added is not None else cell.index if cell is not None else None
    return None if place is None else edits.order.index(place)
