"""What a prompt asks of a simulated model: a verdict, or an edit of a reference response.

Either is in the blocks of the prompt, which carry the nonce of its last criterion block:

    === CRITERION 3f0c9a… ===
    C2: text of the criterion
    === END CRITERION 3f0c9a… ===

The prompt ends with the criterion, so a block that the reply forges comes earlier and has another nonce.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.domain.chat import Message

_ANSWER_ID = re.compile(r'Answer with the JSON object only, which ends with "answer_id": "([0-9a-f]+)"')
_CRITERION_END = re.compile(r"^=== END CRITERION ([0-9a-f]{16}) ===$", re.MULTILINE)
_CRITERION = re.compile(r"\n(C[1-9][0-9]{0,3}): ")


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    criterion_id: str
    criterion: str
    reply: str
    reference: str = ""
    """"" in a reference check, where the reference response is itself the reply."""
    prompt: str = ""
    answer_id: str = field(default="", compare=False)
    """What an answer has to carry. Random for each question, so not part of what is asked."""

    @property
    def is_reference_check(self) -> bool:
        return not self.reference.strip() or self.reference.strip() == self.reply.strip()


@dataclass(frozen=True, slots=True)
class WantedEdit:
    """The request for an edit, as core.judge.edit_proposal writes it."""

    criterion_id: str
    reference: str
    criteria: Mapping[str, str]
    """Texts of all criteria by ID."""


def read_question(messages: Sequence[Message]) -> JudgeRequest | None:
    """The question of the last user message that has one; None when this is no judge prompt."""
    for content in _last_first(messages):
        criterion, reply, reference, prompt = _blocks(content, "CRITERION", "REPLY", "REFERENCE RESPONSE", "PROMPT")
        if criterion is not None and reply is not None:
            criterion_id, _, text = criterion.partition(": ")
            answer_id = next(iter(_ANSWER_ID.findall(content)[-1:]), "")
            return JudgeRequest(criterion_id.strip().upper(), text, reply, reference or "", prompt or "", answer_id)
    return None


def read_edit_request(messages: Sequence[Message]) -> WantedEdit | None:
    """The request of the last user message that is one; None if there is none."""
    for content in _last_first(messages):
        criterion, reference, listed = _blocks(content, "CRITERION", "REFERENCE RESPONSE", "CRITERIA")
        if criterion is not None and reference is not None and listed is not None:
            _, *parts = _CRITERION.split("\n" + listed)
            criteria = dict(zip(parts[::2], parts[1::2], strict=True))
            return WantedEdit(criterion.partition(": ")[0], reference, criteria)
    return None


def _last_first(messages: Sequence[Message]) -> Iterator[str]:
    return (message.content for message in reversed(messages) if message.role == "user")


def _blocks(content: str, *labels: str) -> list[str | None]:
    """The texts of the blocks with the nonce of the last criterion block; None for a block that is not there."""
    nonce = next(iter(_CRITERION_END.findall(content)[-1:]), None)
    return [_block(content, label, nonce) if nonce else None for label in labels]


def _block(content: str, label: str, nonce: str) -> str | None:
    opening, closing = f"=== {label} {nonce} ===\n", f"\n=== END {label} {nonce} ==="
    start = content.find(opening)
    end = content.find(closing, start + len(opening) - 1)  # an empty block shares one line end
    return None if start < 0 or end < 0 else content[start + len(opening) : end]
