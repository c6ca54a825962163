"""What will come of one call, decided before it is acted out: by the provider in the process or over HTTP alike."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.chat import Usage
from core.simulator.chance import Chance
from core.simulator.checks.text import words
from core.simulator.conversation import Conversation
from core.simulator.judging.decision import decide
from core.simulator.judging.forms import NOTHING_TO_JUDGE, unusable, written
from core.simulator.mishaps import ANSWERS_AT_ONCE, Mishap, draw_mishap
from core.simulator.role import Role
from core.simulator.script import Script
from core.simulator.tasks.reply import write_reply

REFUSALS_TAKE = 0.1
"""Share of the latency after which a call is turned away."""


@dataclass(frozen=True, slots=True)
class Plan:
    role: Role
    mishap: Mishap | None
    wait_s: float
    """Until the first byte."""
    text: str
    reasoning: str
    request_id: str
    usage: Usage

    @property
    def chunk_pause_s(self) -> float:
        return (self.role.slow_chunk_ms if self.mishap is Mishap.SLOW else self.role.chunk_pause_ms) / 1000


def plan_call(script: Script, conversation: Conversation, nth: int, input_chars: int = 0) -> Plan:
    """The plan of the `nth` call (from 0) of a conversation. The same arguments give the same plan, always."""
    role = script.role_of(conversation.model)
    chance = chance_of(role, conversation, nth)
    mishap = draw_mishap(role, chance, nth)
    text, reasoning = _said(role, chance, conversation)
    usage = Usage(
        input_tokens=tokens_of_chars(input_chars),
        output_tokens=len(words(text)) + len(words(reasoning)),
        reasoning_tokens=len(words(reasoning)),
    )
    wait_s = _wait_s(role, chance, conversation.purpose, mishap)
    return Plan(role, mishap, wait_s, text, reasoning, f"sim-{chance.digest}", usage)


def chance_of(role: Role, conversation: Conversation, nth: int) -> Chance:
    return Chance(role.seed, conversation.model, conversation.purpose, conversation.key, nth)


def tokens_of_chars(chars: int) -> int:
    """The simulated tokenizer's own measure: four characters of input are a token, a word of output is one."""
    return -(-chars // 4)


def _said(role: Role, chance: Chance, conversation: Conversation) -> tuple[str, str]:
    if conversation.purpose == "target":
        reply = write_reply(role, chance, conversation.prompt)
        return reply.text, reply.reasoning
    question = conversation.question
    if question is None:
        return NOTHING_TO_JUDGE, ""
    decision = decide(role, question)
    if chance.hits("broken", role.judge_broken):
        return unusable(decision, chance), ""
    return written(decision, question.criterion_id, role.judge_form, chance, question.answer_id), ""


def _wait_s(role: Role, chance: Chance, purpose: str, mishap: Mishap | None) -> float:
    latency_ms = role.judge_latency_ms if purpose == "judge" else role.target_latency_ms
    varied_ms = latency_ms * (1 + role.latency_spread * (2 * chance.share("latency") - 1))
    return varied_ms / 1000 * (REFUSALS_TAKE if mishap in ANSWERS_AT_ONCE else 1)
