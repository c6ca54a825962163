"""Plans a call before it is made, in the process and over HTTP alike: its subject and its result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Literal

from cachetools import LRUCache

from core.domain.chat import Message, TokenLogprobs, Usage
from core.simulator.checks.text import words
from core.simulator.edits import write_proposal
from core.simulator.judge import write_judgement
from core.simulator.options import CallOptions, choose_upstream, cut_text, is_enforced, shorten_reasoning
from core.simulator.prompts import JudgeRequest, WantedEdit, read_edit_request, read_question
from core.simulator.replies import SimulatedReply, write_reply
from core.simulator.script import JUDGE, REFUSALS, Behavior, Fault, Script, model_id
from core.simulator.seeded import SeededRandom, digest_of

Purpose = Literal["target", "judge"]
MAX_CONVERSATIONS = 200_000
"""The least recently used are forgotten and begin again at 0; this many take some 40 MB."""
REFUSAL_LATENCY_SHARE = 0.1
NO_UPSTREAM = "Simulated: the preferences allow no upstream of this model."
MIN_CONFIDENCE = 0.5
TOKEN_CHARS = 4
"""Of the input; a word of the output is a token."""
MIN_CACHED_CHARS = 1_024 * TOKEN_CHARS
CACHE_STEP_CHARS = 128 * TOKEN_CHARS
MAX_CACHED_PREFIXES = 50_000
NO_OPTIONS = CallOptions()


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one call is about."""

    messages: Sequence[Message]
    model: str
    """Without `simulated/`."""
    purpose: Purpose
    key: str
    """Equal for equal calls; it does not depend on the nonce of a judge prompt."""
    prompt: str
    """The last user message."""
    question: JudgeRequest | None = None
    """What a judge is asked; None for a target, and for a judge without a question."""
    edit: WantedEdit | None = None
    """The edit that a target is asked for; None if it is asked the task's prompt."""


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
    edit = None if judging else read_edit_request(messages)
    key = digest_of(model, found, *about)
    return Conversation(messages, model, found, key=key, prompt=prompt, question=question, edit=edit)


@dataclass(frozen=True, slots=True)
class Plan:
    """The result of one call."""

    behavior: Behavior
    fault: Fault
    wait_s: float
    """Until the first byte."""
    text: str
    reasoning: str
    request_id: str
    usage: Usage
    finish_reason: str = "stop"
    upstream: str = "Simulated"
    """"": the call's preferences allow none."""
    logprobs: TokenLogprobs | None = None

    @property
    def chunk_pause_s(self) -> float:
        return (self.behavior.slow_chunk_ms if self.fault is Fault.SLOW else self.behavior.chunk_pause_ms) / 1000

    @property
    def chunks(self) -> int:
        """Of the reasoning and the text together."""
        return -(-(len(self.text) + len(self.reasoning)) // self.behavior.chunk_chars)


class PromptCache:
    """A prompt cache as OpenAI documents its own: prefixes of at least 1,024 tokens, in steps of 128, once answered.

    The least recently used are forgotten.
    """

    def __init__(self) -> None:
        self._known: LRUCache[bytes, int] = LRUCache(MAX_CACHED_PREFIXES)

    def cached_tokens(self, model: str, messages: Sequence[Message]) -> int:
        """Tokens of the longest known beginning."""
        known = [chars for prefix, chars in _prefixes(model, messages) if prefix in self._known]
        return max(known, default=0) // TOKEN_CHARS

    def store(self, model: str, messages: Sequence[Message]) -> None:
        self._known.update(_prefixes(model, messages))


def _prefixes(model: str, messages: Sequence[Message]) -> Iterator[tuple[bytes, int]]:
    """The digest and the number of characters of each beginning."""
    text = "\n".join(message.content for message in messages)
    digest, at = blake2b(model.encode(), digest_size=16), 0
    for end in range(MIN_CACHED_CHARS, len(text) + 1, CACHE_STEP_CHARS):
        digest.update(text[at:end].encode("utf-8", "surrogatepass"))
        yield digest.digest(), end
        at = end


class Calls:
    """What the models know of earlier calls: how often each conversation was asked, and beginnings of prompts."""

    def __init__(self, max_conversations: int = MAX_CONVERSATIONS) -> None:
        self._counts: LRUCache[str, int] = LRUCache(max_conversations)
        self._prompts = PromptCache()

    def plan(self, script: Script, conversation: Conversation, options: CallOptions = NO_OPTIONS) -> Plan:
        """The plan of the next call of this conversation: equal calls can have different, replayable answers."""
        nth = self._counts.get(conversation.key, 0)
        self._counts[conversation.key] = nth + 1
        plan = plan_call(script, conversation, nth, options)
        if not plan.behavior.prompt_cache:
            return plan
        cached_tokens = self._prompts.cached_tokens(conversation.model, conversation.messages)
        return replace(plan, usage=plan.usage.model_copy(update={"cached_tokens": cached_tokens}))

    def store_prompt(self, plan: Plan, conversation: Conversation) -> None:
        """To be called when the call is answered."""
        if plan.behavior.prompt_cache:
            self._prompts.store(conversation.model, conversation.messages)

    def counts(self) -> dict[str, int]:
        """Calls by conversation key."""
        return dict(self._counts)


def plan_call(script: Script, conversation: Conversation, nth: int, options: CallOptions = NO_OPTIONS) -> Plan:
    """The plan of the `nth` call (from 0) of a conversation. The same arguments give the same plan, always."""
    behavior = script.behavior_of(conversation.model)
    random = random_of(behavior, conversation, nth)
    fault = draw_fault(behavior, random, nth)
    # What is written with a seed of the caller is the same for all equal calls.
    seed = options.parameters.seed
    writing = random if seed is None else random_of(behavior, conversation, "seed", seed)
    if conversation.purpose == "judge":
        enforced = is_enforced(behavior, options)
        reply = write_judgement(behavior, writing, conversation.question, judge=conversation.model, enforced=enforced)
        latency_ms = behavior.judge_latency_ms
    else:
        reply, latency_ms = _write_target(behavior, writing, conversation), behavior.target_latency_ms
    varied_ms = latency_ms * (1 + behavior.latency_spread * (2 * random.uniform("latency") - 1))
    reasoning = shorten_reasoning(options, reply.reasoning)
    thought = len(words(reasoning))
    text, finish_reason = cut_text(options, reply.text, thought)
    input_chars = sum(len(message.content) for message in conversation.messages)
    usage = Usage(
        input_tokens=-(-input_chars // TOKEN_CHARS), output_tokens=len(words(text)) + thought, reasoning_tokens=thought
    )
    return Plan(
        behavior,
        fault,
        varied_ms / 1000 * (REFUSAL_LATENCY_SHARE if fault in REFUSALS else 1),
        text,
        reasoning,
        f"sim-{random.digest}",
        usage=usage,
        finish_reason=finish_reason,
        upstream=choose_upstream(options, behavior.upstreams, random),
        logprobs=_logprobs(text, random) if options.logprobs and behavior.logprobs == "given" else None,
    )


def _write_target(behavior: Behavior, random: SeededRandom, conversation: Conversation) -> SimulatedReply:
    if conversation.edit is None:
        return write_reply(behavior, random, conversation.prompt)
    if random.happens("edit broken", behavior.edit_broken):
        return SimulatedReply("Simulated: this answer has no edit.")
    return SimulatedReply(write_proposal(conversation.edit))


def _logprobs(text: str, random: SeededRandom) -> TokenLogprobs:
    """Three tokens: the verdict, which the judge gives more or less surely, and all before and after it."""
    before, mark, rest = text.rpartition('"verdict": "')
    word, quote, after = rest.partition('"')
    if not mark or not quote:
        return TokenLogprobs((text,), (0.0,))
    sure = MIN_CONFIDENCE + (1 - MIN_CONFIDENCE) * random.uniform("confidence")
    return TokenLogprobs((before + mark, word, quote + after), (0.0, math.log(sure), 0.0))


def random_of(behavior: Behavior, conversation: Conversation, *call: str | int) -> SeededRandom:
    return SeededRandom(behavior.seed, conversation.model, conversation.purpose, conversation.key, *call)


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
