"""What the judge is asked: the blocks of a judge prompt, found by the nonce of its last criterion block.

    === CRITERION 3f0c9a… ===
    C2: text of the criterion
    === END CRITERION 3f0c9a… ===

The message ends with the criterion, so a block that the reply forges stands before it and has another nonce.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.domain.chat import Message

_ANSWER_ID = re.compile(r'"verdict": "PASS" or "FAIL", "answer_id": "([0-9a-f]+)"')
_CRITERION_END = re.compile(r"^=== END CRITERION ([0-9a-f]{16}) ===$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Question:
    criterion_id: str
    criterion: str
    reply: str
    reference: str = ""
    """"" in a reference check, where the reference response is itself the reply."""
    prompt: str = ""
    answer_id: str = field(default="", compare=False)
    """What an answer has to carry. Drawn for each question, so it is no part of what is asked."""

    @property
    def is_reference_check(self) -> bool:
        return not self.reference.strip() or self.reference.strip() == self.reply.strip()


def read_question(messages: Sequence[Message]) -> Question | None:
    """The question of the last user message that asks one; None when this is no judge prompt."""
    asked = (message.content for message in reversed(messages) if message.role == "user")
    return next((question for content in asked if (question := _question_in(content))), None)


def _question_in(content: str) -> Question | None:
    ends = _CRITERION_END.findall(content)
    if not ends:
        return None
    nonce = ends[-1]
    criterion, reply = _block(content, "CRITERION", nonce), _block(content, "REPLY", nonce)
    if criterion is None or reply is None:
        return None
    criterion_id, _, text = criterion.partition(": ")
    return Question(
        criterion_id=criterion_id.strip().upper(),
        criterion=text,
        reply=reply,
        reference=_block(content, "REFERENCE RESPONSE", nonce) or "",
        prompt=_block(content, "PROMPT", nonce) or "",
        answer_id=next(iter(_ANSWER_ID.findall(content)[-1:]), ""),
    )


def _block(content: str, label: str, nonce: str) -> str | None:
    """What stands between the delimiters of a block; None when there is no such block."""
    opening, closing = f"=== {label} {nonce} ===\n", f"\n=== END {label} {nonce} ==="
    start = content.find(opening)
    end = content.find(closing, start + len(opening) - 1)  # an empty block shares one line end
    if start < 0 or end < 0:
        return None
    return content[start + len(opening) : end]
