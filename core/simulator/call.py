"""What a call is about and what comes of it, decided before it happens: in the process and over HTTP alike."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.domain.chat import Message, Usage
from core.simulator.checks.text import words
from core.simulator.faults import REFUSALS, Fault
from core.simulator.judge import JudgeRequest, read_question, write_judgement
from core.simulator.replies import write_reply
from core.simulator.script import JUDGE, Behavior, Script, model_id
from core.simulator.seeded import SeededRandom, digest_of

Purpose = Literal["target", "judge"]
MAX_CONVERSATIONS = 200_000
"""The least recently used are forgotten and begin again at 0; this many take some 40 MB."""
REFUSAL_LATENCY_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one call is about."""

    model: str
    purpose: Purpose
    key: str
    """Equal for equal calls; it does not depend on the nonce of a judge prompt."""
    prompt: str
    """The last user message."""
    question: JudgeRequest | None = None
    """What a judge is asked; None for a target, and for a judge without a question."""


def read_conversation(model: str, messages: Sequence[Message], purpose: Purpose | None = None) -> Conversation:
    """Without a purpose, as over HTTP: a judge's call is known by its model or its prompt."""
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

    def __init__(self, max_conversations: int = MAX_CONVERSATIONS) -> None:
        self._calls: OrderedDict[str, int] = OrderedDict()
        self._max = max_conversations

    def next(self, key: str) -> int:
        """0 for the first call of a conversation, then 1, …"""
        nth = self._calls.pop(key, 0)
        self._calls[key] = nth + 1
        if len(self._calls) > self._max:
            self._calls.popitem(last=False)
        return nth

    def counts(self) -> dict[str, int]:
        """Calls by conversation key."""
        return dict(self._calls)


@dataclass(frozen=True, slots=True)
class Plan:
    """What comes of one call."""

    behavior: Behavior
    fault: Fault
    wait_s: float
    """Until the first byte."""
    text: str
    reasoning: str
    request_id: str
    usage: Usage

    @property
    def chunk_pause_s(self) -> float:
        return (self.behavior.slow_chunk_ms if self.fault is Fault.SLOW else self.behavior.chunk_pause_ms) / 1000


def plan_call(script: Script, conversation: Conversation, nth: int, input_chars: int = 0) -> Plan:
    """The plan of the `nth` call (from 0) of a conversation. The same arguments give the same plan, always."""
    behavior = script.behavior_of(conversation.model)
    random = random_of(behavior, conversation, nth)
    fault = draw_fault(behavior, random, nth)
    if conversation.purpose == "judge":
        latency_ms, reply = behavior.judge_latency_ms, write_judgement(behavior, random, conversation.question)
    else:
        latency_ms, reply = behavior.target_latency_ms, write_reply(behavior, random, conversation.prompt)
    varied_ms = latency_ms * (1 + behavior.latency_spread * (2 * random.uniform("latency") - 1))
    thought = len(words(reply.reasoning))
    # Four characters of input are a token, a word of output is one.
    usage = Usage(
        input_tokens=-(-input_chars // 4), output_tokens=len(words(reply.text)) + thought, reasoning_tokens=thought
    )
    wait_s = varied_ms / 1000 * (REFUSAL_LATENCY_SHARE if fault in REFUSALS else 1)
    return Plan(behavior, fault, wait_s, reply.text, reply.reasoning, f"sim-{random.digest}", usage=usage)


def random_of(behavior: Behavior, conversation: Conversation, nth: int) -> SeededRandom:
    return SeededRandom(behavior.seed, conversation.model, conversation.purpose, conversation.key, nth)


def draw_fault(behavior: Behavior, random: SeededRandom, nth: int) -> Fault:
    """The fault of the `nth` call (from 0) of a conversation: of `first_calls` if that has one, else by the rates."""
    if nth < len(behavior.first_calls):
        return behavior.first_calls[nth]
    drawn = random.uniform("mishap")  # a fault's name of old: with another one, no seed would replay its faults
    for fault in Fault:
        rate: float = getattr(behavior, fault.value, 0.0)
        if drawn < rate:
            return fault
        drawn -= rate
    return Fault.NONE
