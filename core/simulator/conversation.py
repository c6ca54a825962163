"""A conversation: what one call is about, and how many calls of it there have been."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.domain.chat import Message
from core.simulator.chance import digest_of
from core.simulator.characters import JUDGE
from core.simulator.judging.question import Question, read_question
from core.simulator.script import model_id

Purpose = Literal["target", "judge"]
CONVERSATIONS_MOST = 200_000
"""Older ones are forgotten, and begin again at 0: some 40 MB at most."""


@dataclass(frozen=True, slots=True)
class Conversation:
    model: str
    purpose: Purpose
    key: str
    """Equal for calls that ask the same; it does not depend on a judge prompt's nonce."""
    prompt: str
    """The last user message; for a target, what it answers."""
    question: Question | None = None
    """What a judge is asked; None for a target, and for a judge that was asked nothing."""


def read_conversation(model: str, messages: Sequence[Message], purpose: Purpose | None = None) -> Conversation:
    """What a call is about. Without a purpose, as over HTTP: a judge's call is known by its model or its blocks."""
    model = model_id(model)
    question = None if purpose == "target" else read_question(messages)
    judging = question is not None or purpose == "judge" or (purpose is None and model.rpartition("/")[2] == JUDGE)
    prompt = next((message.content for message in reversed(messages) if message.role == "user"), "")
    about: tuple[str, ...] = tuple(f"{message.role} {message.content}" for message in messages)
    if question:
        about = (question.prompt, question.reply, question.reference, question.criterion_id, question.criterion)
    found: Purpose = "judge" if judging else "target"
    return Conversation(model, found, digest_of(model, found, *about), prompt, question)


class CallCounter:
    """Counts the calls of each conversation, so that equal calls can have different, replayable answers."""

    def __init__(self, conversations_most: int = CONVERSATIONS_MOST) -> None:
        self._calls: OrderedDict[str, int] = OrderedDict()
        self._most = conversations_most

    def next(self, key: str) -> int:
        """0 for the first call of a conversation, then 1, …"""
        nth = self._calls.pop(key, 0)
        self._calls[key] = nth + 1
        if len(self._calls) > self._most:
            self._calls.popitem(last=False)
        return nth

    def counts(self) -> dict[str, int]:
        """Calls by conversation key."""
        return dict(self._calls)
