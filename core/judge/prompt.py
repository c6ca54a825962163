"""Build the judge's messages from the notebook's prompts or the built-in ones, the data in blocks, and the criterion.

The user message consists of earlier turns, if any, the filled template, the data without a placeholder in the template,
the instruction, and the criterion. A notebook controls only the template; the end is always built in.
"""

from __future__ import annotations

import re

from core.domain.chat import Message
from core.domain.criteria import Criterion
from core.domain.task import Task
from core.judge import wording
from core.judge.blocks import Label, block, nonce_for
from core.judge.unicode import encodable

PLACEHOLDERS: dict[str, Label] = {
    "prompt": "PROMPT",
    "response": "REPLY",
    "model_response": "REPLY",
    "model_resposne": "REPLY",  # misspelt in real notebooks
    "standard_response": "REFERENCE RESPONSE",
    "response_reference": "CRITERION",
    "criteria": "CRITERION",
}
"""Placeholders of the template and the block that replaces each. Documented in docs/judging.md."""

INTRODUCTIONS: dict[Label, str] = {
    "PROMPT": wording.PROMPT_FOLLOWS,
    "REFERENCE RESPONSE": wording.REFERENCE_FOLLOWS,
    "REPLY": wording.REPLY_FOLLOWS,
}
"""Introductions of the blocks without a placeholder in the template, in order."""

_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


def judge_messages(
    task: Task, criterion: Criterion, reply_text: str, history: tuple[Message, ...] = (), answer_id: str = ""
) -> tuple[Message, ...]:
    """The system and user message that request a verdict on `criterion` for `reply_text`.

    When the reply is the reference response itself (reference check), it is included once, as the reply.
    `history` holds the earlier turns of the conversation, oldest first. `answer_id` follows everything that the
    messages about one reply share, since providers cache common prefixes.
    """
    system = encodable(_text_or_default(task.judge_system_prompt, wording.BUILT_IN_SYSTEM_PROMPT))
    template = encodable(_text_or_default(task.judge_prompt_template, wording.BUILT_IN_TEMPLATE))
    data = _data(task, reply_text)
    earlier = [_earlier(message) for message in history]
    # Over all criteria, so that messages about one reply differ only at their end: providers cache common prefixes.
    criteria = dict.fromkeys(encodable(c.text) for c in (*task.criteria, criterion))
    nonce = nonce_for((system, template, *data.values(), *criteria, *(text for _, text in earlier)))
    data["CRITERION"] = f"{criterion.id}: {encodable(criterion.text)}"

    turns = [block(label, nonce, text) for label, text in earlier]
    parts = ["\n".join((wording.EARLIER_TURNS, *turns))] if turns else []
    parts += _fill(template, data, nonce)
    parts.append(wording.instruction(criterion.id, nonce, answer_id))
    parts.append(block("CRITERION", nonce, data["CRITERION"]) + "\n" + wording.last_line(criterion.id))
    return Message(role="system", content=system), Message(role="user", content="\n\n".join(parts))


def _text_or_default(text: str, built_in: str) -> str:
    return text if text.strip() else built_in


def _data(task: Task, reply_text: str) -> dict[Label, str]:
    """The same for all criteria. No REFERENCE RESPONSE when there is none, or when it is the judged reply."""
    data: dict[Label, str] = {"PROMPT": encodable(task.prompt), "REPLY": encodable(reply_text)}
    if task.response.strip() and task.response.strip() != reply_text.strip():
        data["REFERENCE RESPONSE"] = encodable(task.response)
    return data


def _earlier(message: Message) -> tuple[Label, str]:
    return ("EARLIER REPLY" if message.role == "assistant" else "EARLIER PROMPT"), encodable(message.content)


def _fill(template: str, data: dict[Label, str], nonce: str) -> list[str]:
    """The filled template, and after it the data without a placeholder.

    Placeholders inside data are not replaced. Each block is included once, however often the template names it, so that
    a message is never a multiple of a long reply.
    """
    placed: set[Label] = set()

    def put(found: re.Match[str]) -> str:
        label = PLACEHOLDERS[found[1]]
        if label not in data:
            return wording.NO_REFERENCE_HERE
        if label in placed:
            return f"(the {label} block above)"
        placed.add(label)
        before = "" if template[found.start() - 1 : found.start()] in ("", "\n") else "\n"
        after = "" if template.startswith("\n", found.end()) or found.end() == len(template) else "\n"
        return before + block(label, nonce, data[label]) + after

    parts = [_PLACEHOLDER.sub(put, template)]
    for label, introduction in INTRODUCTIONS.items():
        if label in data and label not in placed:
            parts.append(f"{introduction}\n{block(label, nonce, data[label])}")
    return parts
