"""The heading token `**[name]**` on a cell's first line that is not blank, and what each name means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a cell is for. Values are the headings' names, without the slot's number."""

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
    """Slot or turn; None for cells that stand once."""
    name: str
    """As written between the brackets; the number cut off for model slots."""
    name_start: int
    name_end: int
    end: int
    """The place after the token and its colon."""


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
"""What a cell of turn 1 is in a notebook that has no other turn."""
RESERVED_NAMES = frozenset(_ONCE) | frozenset(_WITH_NUMBER)
"""Names that a model's heading must not have, or its cell would be read as something else."""


def heading_of(text: str) -> Heading | None:
    """The heading of a cell's text, or None for a cell that is none of ours. Names compare without case."""
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
