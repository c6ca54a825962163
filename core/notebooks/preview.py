"""Preview the changes of an export, cell by cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from core.notebooks.document import open_document
from core.notebooks.headings import Role, heading_of
from core.notebooks.text import shortened, without_surrogates

MAX_PREVIEW_CHARS = 2_000_000
Change = Literal["same", "changed", "added", "removed"]


@dataclass(frozen=True)
class CellChange:
    index: int
    """Index in the export; for a removed cell, its index in the original."""
    heading: str
    """The heading's name, or how the cell begins."""
    change: Change
    before: str
    """Truncated at 4,000 characters."""
    after: str
    before_chars: int
    """Full length."""
    after_chars: int


@dataclass(frozen=True)
class _Cell:
    index: int
    key: tuple[str, ...]
    heading: str
    text: str


def preview(before: bytes, after: bytes) -> tuple[CellChange, ...]:
    """The cells of both files in the order of the export, removed ones where they stood."""
    old, new = _cells(before), _cells(after)
    matcher = SequenceMatcher(None, [c.key for c in old], [c.key for c in new], autojunk=False)
    return tuple(
        change
        for _, old_start, old_end, new_start, new_end in matcher.get_opcodes()
        for change in _changes(old[old_start:old_end], new[new_start:new_end])
    )


def _changes(old: list[_Cell], new: list[_Cell]) -> Iterator[CellChange]:
    if [c.key for c in old] == [c.key for c in new]:
        for one, other in zip(old, new, strict=True):
            change: Change = "same" if one.text == other.text else "changed"
            yield _change(other, change, one.text, other.text)
        return
    yield from (_change(c, "removed", c.text, "") for c in old)
    yield from (_change(c, "added", "", c.text) for c in new)


def _change(cell: _Cell, change: Change, before: str, after: str) -> CellChange:
    return CellChange(cell.index, cell.heading, change, before, after, before_chars=len(before), after_chars=len(after))


def shortened_changes(changes: Sequence[CellChange], max_chars: int) -> tuple[CellChange, ...]:
    """The changes with at most `max_chars` of each text, and of all together MAX_PREVIEW_CHARS: of a great many cells
    the later ones that stay the same have no text any more, then the changed ones."""
    left, shown = MAX_PREVIEW_CHARS, dict[int, CellChange]()
    for place in sorted(range(len(changes)), key=lambda place: changes[place].change == "same"):
        one = changes[place]
        most = min(max_chars, left // 2)
        shown[place] = replace(one, before=one.before[:most], after=one.after[:most])
        left -= len(shown[place].before) + len(shown[place].after)
    return tuple(shown[place] for place in range(len(changes)))


def _cells(raw: bytes) -> list[_Cell]:
    """Cells with a heading are known by it, others by their text; repeated ones are counted on."""
    seen: Counter[tuple[str, ...]] = Counter()
    cells = []
    for index, node in enumerate(open_document(raw).cells):
        source = node.value["source"]
        text = without_surrogates(source if isinstance(source, str) else "".join(source))
        heading = heading_of(text)
        key = (heading.role.value, str(heading.number)) if heading else ("", text)
        seen[key] += 1
        number = f"_{heading.number}" if heading and heading.role is Role.MODEL else ""
        name = f"{heading.name}{number}" if heading else shortened(text)
        cells.append(_Cell(index, (*key, str(seen[key])), name, text))
    return cells
