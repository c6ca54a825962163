"""The cells of a notebook that have a heading, in file order, and what each heading means.

A heading is the token `**[name]**` on a cell's first non-blank line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from core.domain.session import TaskWarning
from core.notebooks.document import Document
from core.notebooks.json_positions import Node
from core.notebooks.text import has_crlf_only, neat, without_surrogates


class Role(StrEnum):
    """The purpose of a cell. Values are the headings' names, without the slot's number."""

    METADATA = "# Metadata"
    PROMPT = "prompt"
    RESPONSE = "response"
    RESPONSE_REFERENCE = "response_reference"
    JUDGE_PROMPT_TEMPLATE = "judge_prompt_template"
    JUDGE_SYSTEM_PROMPT = "judge_system_prompt"
    MODEL = "model"
    LLM_JUDGE = "llm_judge"
    HUMAN_JUDGE = "human_judge"
    REASONING_TRACE = "reasoning_trace"
    REASONING_TRACES = "reasoning_traces"
    """Older files: the traces of all hunts in one cell."""
    ATTEMPTS = "number_of_attempts_made"
    TURN_PROMPT = "prompt_K"
    TURN_RESPONSE = "response_K"
    TURN_REFERENCE = "response_reference_K"
    TURN_JUDGE_TEMPLATE = "judge_prompt_template_K"
    TURN_JUDGE_SYSTEM_PROMPT = "judge_system_prompt_K"
    TURN_ATTEMPTS = "number_of_attempts_made_K"
    SELECTED_RESPONSE = "selected_response_K"
    SELECTED_JUDGE = "selected_judge_K"
    HISTORY = "conversation_history"
    TURN_COUNT = "number_of_turns"
    BREAKING_TURN = "breaking_turn"


TASK_ROLES = (
    Role.METADATA, Role.PROMPT, Role.RESPONSE, Role.RESPONSE_REFERENCE, Role.JUDGE_PROMPT_TEMPLATE,
    Role.JUDGE_SYSTEM_PROMPT,
)  # fmt: skip
TURN_ROLES = (
    Role.TURN_PROMPT, Role.TURN_RESPONSE, Role.TURN_REFERENCE, Role.SELECTED_RESPONSE, Role.SELECTED_JUDGE,
)  # fmt: skip
CONVERSATION_ROLES = (Role.HISTORY, Role.TURN_COUNT, Role.BREAKING_TURN)
SLOT_ROLES = (Role.MODEL, Role.LLM_JUDGE, Role.HUMAN_JUDGE, Role.REASONING_TRACE)
"""In the order of a slot's cells."""


@dataclass(frozen=True)
class Heading:
    role: Role
    number: int | None
    """Slot or turn; None for cells without a number."""
    name: str
    """As written between the brackets, without the number of model slots."""
    name_start: int
    name_end: int
    end: int
    """Offset after the token and its colon."""


_TOKEN = re.compile(r"\s*\*\*\[([^\[\]\r\n]{1,160})\]\*\*(?:[ \t]*[:：])?")
_METADATA = re.compile(
    r"\s*#{1,6}[ \t]*(?:\*\*)?[ \t]*metadata[ \t]*:?[ \t]*(?:\*\*)?[ \t]*:?[ \t]*(?:[\r\n]|\Z)", re.IGNORECASE
)
_NUMBERED = re.compile(r"(.+)_0{0,3}([1-9][0-9]{0,2})", re.ASCII)
_TURN = re.compile(r"turn[\s_-]{0,3}([1-9][0-9]{0,2})\s{0,3}[-–:]\s{0,3}(.+)", re.IGNORECASE | re.ASCII)

_ONCE = {
    role.value: role
    for role in (
        Role.PROMPT,
        Role.RESPONSE,
        Role.RESPONSE_REFERENCE,
        Role.JUDGE_PROMPT_TEMPLATE,
        Role.JUDGE_SYSTEM_PROMPT,
        Role.REASONING_TRACES,
        Role.ATTEMPTS,
        Role.HISTORY,
        Role.TURN_COUNT,
        Role.BREAKING_TURN,
    )
}
_WITH_NUMBER = {
    "llm_judge": Role.LLM_JUDGE,
    "human_judge": Role.HUMAN_JUDGE,
    "reasoning_trace": Role.REASONING_TRACE,
    "prompt": Role.TURN_PROMPT,
    "response": Role.TURN_RESPONSE,
    "response_reference": Role.TURN_REFERENCE,
    "judge_prompt_template": Role.TURN_JUDGE_TEMPLATE,
    "judge_system_prompt": Role.TURN_JUDGE_SYSTEM_PROMPT,
    "number_of_attempts_made": Role.TURN_ATTEMPTS,
    "selected_response": Role.SELECTED_RESPONSE,
    "selected_judge": Role.SELECTED_JUDGE,
}
_OF_A_TURN = {
    "prompt": Role.TURN_PROMPT,
    "response": Role.TURN_RESPONSE,
    "ideal response": Role.TURN_RESPONSE,
    "criteria": Role.TURN_REFERENCE,
    "response reference": Role.TURN_REFERENCE,
    "judge prompt template": Role.TURN_JUDGE_TEMPLATE,
    "judge system prompt": Role.TURN_JUDGE_SYSTEM_PROMPT,
    "number of attempts made": Role.TURN_ATTEMPTS,
    "selected response": Role.SELECTED_RESPONSE,
    "selected judge": Role.SELECTED_JUDGE,
}
OF_ONE_TURN = {
    Role.TURN_PROMPT: Role.PROMPT,
    Role.TURN_RESPONSE: Role.RESPONSE,
    Role.TURN_REFERENCE: Role.RESPONSE_REFERENCE,
    Role.TURN_JUDGE_TEMPLATE: Role.JUDGE_PROMPT_TEMPLATE,
    Role.TURN_JUDGE_SYSTEM_PROMPT: Role.JUDGE_SYSTEM_PROMPT,
    Role.TURN_ATTEMPTS: Role.ATTEMPTS,
}
"""The role of a turn-1 cell in a notebook without other turns."""
RESERVED_NAMES = frozenset(_ONCE) | frozenset(_WITH_NUMBER)
"""Names that a model's heading must not have, because its cell would be read as something else."""


def heading_of(text: str) -> Heading | None:
    """The heading of a cell's text; None if it has no known heading. Names are case-insensitive."""
    metadata = _METADATA.match(text)
    if metadata:
        return Heading(Role.METADATA, None, "Metadata", metadata.end(), metadata.end(), metadata.end())
    token = _TOKEN.match(text)
    if not token:
        return None
    written = token.group(1)
    name = written.strip()
    start = token.start(1) + len(written) - len(written.lstrip())
    meaning = _meaning(name)
    if meaning is None:
        return None
    role, number, length = meaning
    return Heading(role, number, name[:length], start, start + length, token.end())


def _meaning(name: str) -> tuple[Role, int | None, int] | None:
    """(role, number, length of the name without a model slot's number)."""
    folded = name.casefold()
    if folded in _ONCE:
        return _ONCE[folded], None, len(name)
    turn = _TURN.fullmatch(folded)
    if turn:
        role = _OF_A_TURN.get(turn.group(2).replace("_", " ").strip())
        if role:
            return role, int(turn.group(1)), len(name)
    numbered = _NUMBERED.fullmatch(name)
    if not numbered:
        return None
    base, number = numbered.group(1), int(numbered.group(2))
    role = _WITH_NUMBER.get(base.casefold())
    if role:
        return role, number, len(name)
    return Role.MODEL, number, len(base)


def token(role: Role, number: int | None = None, name: str = "") -> str:
    """The heading line of a new cell. `name`: the model's, for model slots."""
    if role is Role.METADATA:
        return role.value
    if role is Role.ATTEMPTS:
        return f"**[{role.value}]**:"
    base = name if role is Role.MODEL else role.value.removesuffix("_K")
    return f"**[{base}]**" if number is None else f"**[{base}_{number}]**"


Key = tuple[Role, int | None]


@dataclass(frozen=True)
class Cell:
    index: int
    """Place in the notebook, from 0."""
    node: Node
    text: str
    """The joined source. Line breaks are LF if they were CRLF throughout."""
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
    """All cells with a known heading; `others` repeat an earlier heading and are never edited."""

    by_key: dict[Key, Cell]
    others: tuple[Cell, ...]
    warnings: tuple[TaskWarning, ...]

    def find(self, role: Role, number: int | None = None) -> Cell | None:
        return self.by_key.get((role, number))

    def body(self, role: Role, number: int | None = None) -> str:
        """The trimmed body of that cell; "" if it is missing."""
        cell = self.find(role, number)
        return cell.neat_body if cell else ""

    def numbers(self, *roles: Role) -> list[int]:
        """The slots or turns with a cell of one of these roles, in order."""
        return sorted({number for role, number in self.by_key if role in roles and number is not None})

    def all(self, role: Role) -> Iterator[Cell]:
        """All cells of that role, including repeated ones."""
        yield from (c for c in (*self.by_key.values(), *self.others) if c.heading.role is role)


def read_cells(document: Document) -> Cells:
    """The cells with a heading. The first cell of a heading counts; each further one gives a warning."""
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
    """A notebook with one turn is treated as an ordinary one: its `[Turn-1: Prompt]` is the prompt."""
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
        message=f"Cell {cell.index + 1} has the heading {cell.heading.name} but is not a text cell, so it is "
        "ignored. Change it to a text (markdown) cell.",
    )


def _repeated(cell: Cell, first: Cell) -> TaskWarning:
    written = cell.text[cell.heading.name_start : cell.heading.end].partition("]")[0] or cell.heading.name
    return TaskWarning(
        code="duplicate_heading",
        cell=cell.index,
        message=f"Cell {cell.index + 1} repeats the heading {written} of cell {first.index + 1}. Only the first "
        "one is used; this one is ignored and not changed. Remove or rename one of them.",
    )
