"""Build the judge's messages from the notebook's prompts or the built-in ones, the data in blocks, and the criterion.

The user message consists of earlier turns, if any, the filled template, the data without a placeholder in the template,
the instruction, and the criterion with the answer id. A notebook controls only the template; the end is always built
in. What is the same for all criteria of a reply comes first and is built once, since providers cache common prefixes.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

from core.domain.chat import Message
from core.domain.criteria import Criterion
from core.domain.judge_template import FOLLOWS, PLACEHOLDERS, template_parts
from core.domain.task import Task
from core.judge import wording
from core.judge.blocks import Label, block, nonce_for
from core.judge.encodable_text import encodable
from core.judge.schema import VERDICT_SCHEMA

CACHE_KEY_CHARS = 16
PROMPT_HASH_CHARS = 12
LABELS: dict[str, Label] = {
    "prompt": "PROMPT",
    "model_response": "REPLY",
    "standard_response": "REFERENCE RESPONSE",
    "criteria": "CRITERION",
}
"""The block that replaces each placeholder of the template."""

INTRODUCTIONS: dict[Label, str] = {LABELS[name]: words for name, words in FOLLOWS.items() if name != "criteria"}
"""Introductions of the blocks without a placeholder in the template, in order. The criterion always follows."""


class ReplyPrompt:
    """The messages of all questions about one reply.

    When the reply is the reference response itself (reference check), it is included once, as the reply. `history`
    holds the earlier turns of the conversation, oldest first. `undetermined` offers UNDETERMINED as a verdict.
    """

    def __init__(
        self, task: Task, reply_text: str, history: tuple[Message, ...] = (), *, undetermined: bool = False
    ) -> None:
        system = _system_prompt(task)
        reply, prompt, reference = encodable(reply_text), encodable(task.prompt), encodable(task.response)
        with_reference = bool(reference.strip()) and reference.strip() != reply.strip()
        built_in = wording.BUILT_IN_TEMPLATE_WITH_REFERENCE if with_reference else wording.BUILT_IN_TEMPLATE
        template = _template(task, built_in)
        earlier = [_earlier(message) for message in history]
        criteria = dict.fromkeys(encodable(c.text) for c in task.criteria)
        contents = (system, template, prompt, reference, *criteria, *(text for _, text in earlier))
        self._nonce = nonce = nonce_for(contents, reply)
        self._system = Message(role="system", content=system)
        data: dict[Label, str] = {"PROMPT": prompt, "REPLY": reply, "CRITERION": ""}
        if with_reference:
            data["REFERENCE RESPONSE"] = reference
        turns = [block(label, nonce, text) for label, text in earlier]
        parts = ["\n".join((wording.EARLIER_TURNS, *turns))] if turns else []
        parts += _fill(template, data, nonce)
        parts.append(wording.instruction(nonce, undetermined=undetermined))
        before, opening, self._rest = "\n\n".join(parts).partition(f"=== CRITERION {nonce} ===\n")
        self._shared = before + opening
        self._in_template = bool(opening)

    @property
    def shared_chars(self) -> int:
        """How much of the user message is the same for all criteria: all but its end, unless the notebook's template
        names the criterion earlier."""
        return len(self._shared)

    @property
    def cacheable_chars(self) -> int:
        return len(self._system.content) + len(self._shared)

    @property
    def cache_key(self) -> str:
        """The same for all questions about this reply: providers keep requests with one key together."""
        return hashlib.sha256(f"{self._system.content}\n{self._shared}".encode()).hexdigest()[:CACHE_KEY_CHARS]

    def messages(self, criterion: Criterion, answer_id: str = "") -> tuple[Message, ...]:
        """The system and user message that request a verdict on `criterion`, one of the task's."""
        text = f"{criterion.id}: {encodable(criterion.text)}"
        body = f"{self._shared}{text}{self._rest}" if self._in_template else self._shared
        end = f"{block('CRITERION', self._nonce, text)}\n{wording.last_line(criterion.id, answer_id)}"
        return self._system, Message(role="user", content=f"{body}\n\n{end}")


def prompt_hash(task: Task) -> str:
    """Identifies how a judge is asked: system prompt, template, our instruction and the form of the answer, without the
    task's own texts. Verdicts of one model are comparable where it is equal."""
    built_in = (wording.BUILT_IN_TEMPLATE, wording.BUILT_IN_TEMPLATE_WITH_REFERENCE)
    return _hash_of_prompts(_system_prompt(task), *dict.fromkeys(_template(task, text) for text in built_in))


@lru_cache(maxsize=16)
def _hash_of_prompts(*texts: str) -> str:
    """The same for every hunt of a run."""
    parts = (
        *texts,
        wording.instruction("nonce"),
        wording.last_line("C1", "id"),
        json.dumps(VERDICT_SCHEMA.schema),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:PROMPT_HASH_CHARS]


def _system_prompt(task: Task) -> str:
    return encodable(_text_or_default(task.judge_system_prompt, wording.BUILT_IN_SYSTEM_PROMPT))


def _template(task: Task, built_in: str) -> str:
    return encodable(_text_or_default(task.judge_prompt_template, built_in))


def _text_or_default(text: str, built_in: str) -> str:
    return text if text.strip() else built_in


def _earlier(message: Message) -> tuple[Label, str]:
    return ("EARLIER REPLY" if message.role == "assistant" else "EARLIER PROMPT"), encodable(message.content)


def _fill(template: str, data: dict[Label, str], nonce: str) -> list[str]:
    """The filled template, and after it the data without a placeholder.

    Placeholders inside data are not replaced. Each block is included once, however often the template names it, so that
    a message is never a multiple of a long reply.
    """
    parts = template_parts(template)
    placed: set[Label] = set()
    pieces: list[str] = []
    for place, (literal, name) in enumerate(parts):
        pieces.append(literal)
        if not name:
            continue
        label = LABELS[PLACEHOLDERS[name]]
        if label not in data:
            pieces.append(wording.NO_REFERENCE_HERE)
        elif label in placed:
            pieces.append(f"(the {label} block above)")
        else:
            placed.add(label)
            before = "" if literal.endswith("\n") or not (literal or place) else "\n"
            rest, following = parts[place + 1]
            after = "" if rest.startswith("\n") or not (rest or following) else "\n"
            pieces += (before, block(label, nonce, data[label]), after)
    filled = ["".join(pieces)]
    for label, introduction in INTRODUCTIONS.items():
        if label in data and label not in placed:
            filled.append(f"{introduction}\n{block(label, nonce, data[label])}")
    return filled
