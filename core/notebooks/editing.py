"""Edits of a notebook file: sources replaced, cells added, removed or moved to the end, metadata set.

Edits work on the file's text, so that unedited parts stay byte-identical.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.notebooks.cells import CONVERSATION_ROLES, SLOT_ROLES, TASK_ROLES, TURN_ROLES, Cell, Cells, Key, Role, token
from core.notebooks.document import Document
from core.notebooks.json_positions import Node, members_at
from core.notebooks.text import source_lines

IDS_SINCE_MINOR = 5
"""nbformat 4.5 requires an id for every cell; earlier versions forbid them."""


@dataclass(frozen=True)
class Added:
    """A new cell, identified by its heading."""

    key: Key
    text: str


Place = int | Added
"""A cell of the file by its index, or a new one."""


class Edits:
    """Collects the edits of one document; `applied` gives the file with them."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._order: list[Place] = list(range(len(document.cells)))
        self._sources: dict[int, str] = {}
        self.added: dict[Key, Added] = {}
        self._metadata: list[tuple[int, int, str]] = []
        self._taken = {str(node.value.get("id")) for node in document.cells}

    @property
    def order(self) -> Sequence[Place]:
        """The cells in their final order."""
        return self._order

    def set_text(self, cell: Cell, text: str, *, keep_line_ends: bool = True) -> None:
        """Replace a cell's text, as a list or string like the old one. The same text is no edit.

        `keep_line_ends`: CRLF if the cell used it throughout; otherwise the text is written exactly as given.
        """
        if text == cell.text:
            return
        written = text.replace("\n", "\r\n") if cell.crlf and keep_line_ends else text
        node, flat, base = self._source_of(cell)
        self._sources[cell.index] = self._spliced(
            self._document.cells[cell.index],
            node,
            self._document.layout.render(_like(node.value, written), base, flat=flat),
        )

    def insert(self, position: int, added: Added) -> None:
        """Put a new cell at that position of `order`."""
        self._order.insert(position, added)
        self.added[added.key] = added

    def remove(self, cell: Cell) -> None:
        self._order.remove(cell.index)

    def move_to_end(self, cell: Cell) -> None:
        self._order.remove(cell.index)
        self._order.append(cell.index)

    def set_metadata(self, key: str, value: Any) -> None:
        """Set one entry of the notebook's metadata; a new one is added last. The same value is no edit."""
        document, layout = self._document, self._document.layout
        one, two = layout.indent or "", (layout.indent or "") * 2
        node = document.metadata
        if node is None:
            entry = f'"metadata"{layout.colon}{layout.render({key: value}, one)}'
            self._append_member(document.members[-1].node.end, one, entry)
            return
        members, _ = members_at(document.text, node.start)
        flat = layout.indent is not None and "\n" not in document.text[node.start : node.end]
        known = next((m.node for m in reversed(members) if m.key == key), None)
        if known is not None:
            if known.value != value:
                self._metadata.append((known.start, known.end, layout.render(value, two, flat=flat)))
        elif members:
            entry = f"{json.dumps(key)}{layout.colon}{layout.render(value, two, flat=flat)}"
            self._append_member(members[-1].node.end, two, entry, flat=flat)
        else:
            self._metadata.append((node.start, node.end, layout.render({key: value}, one)))

    def applied(self) -> bytes:
        """The file with all edits; without edits, the original file."""
        document = self._document
        text = document.text
        for start, end, new in sorted([*self._metadata, self._cells_edit()], reverse=True):
            text = text[:start] + new + text[end:]
        return (("\ufeff" if document.bom else "") + text).encode("utf-8")

    def _append_member(self, at: int, base: str, entry: str, *, flat: bool = False) -> None:
        layout = self._document.layout
        gap = ", " if flat else "," + layout.break_before(base)
        self._metadata.append((at, at, gap + entry))

    def _source_of(self, cell: Cell) -> tuple[Node, bool, str]:
        """(position of the source, whether its cell is on one line, indentation of its lines)"""
        text = self._document.text
        members, end = members_at(text, cell.node.start)
        source = next(m for m in reversed(members) if m.key == "source")
        line = text[text.rfind("\n", 0, source.start) + 1 : source.start]
        return source.node, "\n" not in text[cell.node.start : end], line if not line.strip() else ""

    def _spliced(self, whole: Node, part: Node, new: str) -> str:
        text = self._document.text
        return text[whole.start : part.start] + new + text[part.end : whole.end]

    def _cells_edit(self) -> tuple[int, int, str]:
        """The array of cells, between its brackets."""
        text, nodes = self._document.text, self._document.cells
        lead = text[self._document.cells_start + 1 : nodes[0].start]
        gap = text[nodes[0].end : nodes[1].start] if len(nodes) > 1 else self._default_gap(lead)
        parts = [lead]
        for position, place in enumerate(self._order):
            if position:
                before = self._order[position - 1]
                neighbours = isinstance(place, int) and isinstance(before, int) and place == before + 1
                parts.append(text[nodes[before].end : nodes[place].start] if neighbours else gap)  # type: ignore[index]
            parts.append(self._rendered(place, lead))
        parts.append(text[nodes[-1].end : self._document.cells_end - 1])
        return self._document.cells_start + 1, self._document.cells_end - 1, "".join(parts)

    def _default_gap(self, lead: str) -> str:
        return "," + (lead if "\n" in lead else " " if self._document.layout.comma.endswith(" ") else "")

    def _rendered(self, place: Place, lead: str) -> str:
        if isinstance(place, int):
            node = self._document.cells[place]
            return self._sources.get(place) or self._document.text[node.start : node.end]
        flat = self._document.layout.indent is not None and "\n" not in lead
        return self._document.layout.render(self._new_cell(place), lead.rpartition("\n")[2], flat=flat)

    def _new_cell(self, added: Added) -> dict[str, Any]:
        strings = all(isinstance(node.value["source"], str) for node in self._document.cells)
        cell: dict[str, Any] = {"cell_type": "markdown"}
        if self._document.minor >= IDS_SINCE_MINOR:
            cell["id"] = self._free_id(added.key)
        return {**cell, "metadata": {}, "source": added.text if strings else source_lines(added.text)}

    def _free_id(self, key: Key) -> str:
        """Derived from the cell's heading, so that every export gives the same id; numbered if another cell has it."""
        role, number = key
        name = f"hunter-{role.name.lower()}" + (f"-{number}" if number is not None else "")
        free, further = name, 2
        while free in self._taken:
            free, further = f"{name}-{further}", further + 1
        self._taken.add(free)
        return free


def _like(old: Any, text: str) -> str | list[str]:
    """`text` in the form that a source had: a string, one element, or a list of lines."""
    if isinstance(old, str):
        return text
    whole = old is not None and len(old) == 1 and old[0] is not None and "\n" in old[0].rstrip("\n")
    return [text] if whole else source_lines(text)


def headed(head: str, body: str) -> str:
    """The text of a cell: its heading, a blank line, the body."""
    return f"{head.rstrip()}\n\n{body}" if body else head.rstrip()


def new_cell(key: Key, body: str, name: str = "") -> Added:
    """A new cell. `name`: the model's, for model slots."""
    return Added(key, headed(token(key[0], key[1], name), body))


def place(edits: Edits, cells: Cells, added: Added) -> None:
    """Insert a new cell after its nearest predecessor in the written order, else before the next one, else last."""
    for key, step in _neighbours(cells, edits, added.key):
        at = _standing(edits, cells, key)
        if at is not None:
            edits.insert(at + step, added)
            return
    edits.insert(len(edits.order), added)


def attempts_last(edits: Edits, cells: Cells) -> None:
    """Move the attempts to the end if a slot's cell follows them, unless a repeated attempts cell would then come
    first."""
    cell = cells.find(Role.ATTEMPTS)
    at = _standing(edits, cells, (Role.ATTEMPTS, None))
    repeated = any(c.heading.role is Role.ATTEMPTS for c in cells.others)
    if cell is None or at is None or repeated:
        return
    of_slots = {c.index for c in cells.by_key.values() if c.heading.role in SLOT_ROLES}
    if any(p in of_slots if isinstance(p, int) else p.key[0] in SLOT_ROLES for p in edits.order[at + 1 :]):
        edits.move_to_end(cell)


def _neighbours(cells: Cells, edits: Edits, key: Key) -> Iterator[tuple[Key, int]]:
    """(key, 1): after that cell; (key, 0): before it; best candidates first."""
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
    """Turns follow the task in order, and cells about all turns follow the last one."""
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
    """The position of the cell with that key, old or new; None if there is none."""
    cell = cells.find(*key)
    added = edits.added.get(key)
    place = added if added is not None else cell.index if cell is not None else None
    return None if place is None else edits.order.index(place)
