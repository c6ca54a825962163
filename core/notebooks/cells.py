"""The cells of a notebook that have a heading, in file order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.domain.session import TaskWarning
from core.notebooks.document import Document
from core.notebooks.headings import OF_ONE_TURN, Heading, Role, heading_of
from core.notebooks.json_positions import Node
from core.notebooks.text import has_crlf_only, neat, without_surrogates

Key = tuple[Role, int | None]


@dataclass(frozen=True)
class Cell:
    index: int
    """Place in the notebook, from 0."""
    node: Node
    text: str
    """The source joined; line breaks are LF if they were CRLF throughout."""
    crlf: bool
    heading: Heading

    @property
    def key(self) -> Key:
        return self.heading.role, self.heading.number

    @property
    def head(self) -> str:
        """The text up to the end of the heading."""
        return self.text[: self.heading.end]

    @property
    def body(self) -> str:
        """The text after the heading and one blank line, unchanged."""
        rest = self.text[self.heading.end :]
        if self.heading.role is Role.METADATA:
            return rest
        first, _, after = rest.partition("\n")
        if first.strip():
            return rest.lstrip(" \t")
        blank, newline, below = after.partition("\n")
        if blank.strip():
            return after
        return below if newline else ""

    @property
    def neat_body(self) -> str:
        """The body without blank lines around it."""
        return neat(self.body)


@dataclass(frozen=True)
class Cells:
    """All cells that have one of our headings; `others` repeat an earlier heading and are never edited."""

    by_key: dict[Key, Cell]
    others: tuple[Cell, ...]
    warnings: tuple[TaskWarning, ...]

    def find(self, role: Role, number: int | None = None) -> Cell | None:
        return self.by_key.get((role, number))

    def body(self, role: Role, number: int | None = None) -> str:
        """The neat body of that cell, "" when it is not there."""
        cell = self.find(role, number)
        return cell.neat_body if cell else ""

    def numbers(self, *roles: Role) -> list[int]:
        """The slots or turns that have a cell of one of these roles, in order."""
        return sorted({number for role, number in self.by_key if role in roles and number is not None})

    def all(self, role: Role) -> Iterator[Cell]:
        """Every cell of that role, repeated ones too."""
        yield from (c for c in (*self.by_key.values(), *self.others) if c.heading.role is role)


def read_cells(document: Document) -> Cells:
    """The cells with a heading. The first cell of a heading wins; each further one gives a warning."""
    by_key: dict[Key, Cell] = {}
    others: list[Cell] = []
    warnings: list[TaskWarning] = []
    for index, node in enumerate(document.cells):
        cell = _cell(index, node)
        if cell is None:
            continue
        if node.value["cell_type"] != "markdown":
            warnings.append(_not_text(cell))
        elif cell.key in by_key:
            others.append(cell)
            warnings.append(_repeated(cell, by_key[cell.key]))
        else:
            by_key[cell.key] = cell
    return Cells(_with_one_turn(by_key), tuple(others), tuple(warnings))


def _with_one_turn(by_key: dict[Key, Cell]) -> dict[Key, Cell]:
    """A notebook with one turn is an ordinary one, whichever headings it has: `[Turn-1: Prompt]` is its prompt."""
    numbered = {number for role, number in by_key if role in OF_ONE_TURN}
    has_history = any(role in {Role.SELECTED_RESPONSE, Role.HISTORY} for role, _ in by_key)
    if numbered != {1} or has_history:
        return by_key
    plain = {(OF_ONE_TURN.get(role, role), None if role in OF_ONE_TURN else number) for role, number in by_key}
    if len(plain) < len(by_key):  # ambiguous: a plain cell and one of turn 1
        return by_key
    return {
        (OF_ONE_TURN[role], None) if role in OF_ONE_TURN else (role, number): cell
        for (role, number), cell in by_key.items()
    }


def _cell(index: int, node: Node) -> Cell | None:
    source = node.value["source"]
    text = without_surrogates(source if isinstance(source, str) else "".join(line or "" for line in source or ()))
    crlf = has_crlf_only(text)
    if crlf:
        text = text.replace("\r\n", "\n")
    heading = heading_of(text)
    return Cell(index, node, text, crlf, heading) if heading else None


def _not_text(cell: Cell) -> TaskWarning:
    return TaskWarning(
        code="not_markdown",
        cell=cell.index,
        message=f"Cell {cell.index + 1} has the heading {cell.heading.name} but is not a text cell, so it was not "
        "read. Make it a text (markdown) cell.",
    )


def _repeated(cell: Cell, first: Cell) -> TaskWarning:
    written = cell.text[cell.heading.name_start : cell.heading.end].partition("]")[0] or cell.heading.name
    return TaskWarning(
        code="duplicate_heading",
        cell=cell.index,
        message=f"Cell {cell.index + 1} repeats the heading {written} of cell {first.index + 1}. The first one counts; "
        "this one was left alone. Remove or rename one of them.",
    )
