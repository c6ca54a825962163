"""One criterion's question to the judge, with retries after unusable answers, and its calls, tokens and cost."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from core.domain.chat import Message, Reply, Usage
from core.domain.criteria import Criterion
from core.domain.hunt import sum_known
from core.domain.verdict import CriterionVerdict, Verdict
from core.errors import HunterError
from core.judge.answer import read_answer
from core.judge.confidence import confidence_of
from core.judge.encodable_text import bounded, encodable
from core.judge.evidence import passage_of
from core.judge.prompt import ReplyPrompt
from core.judge.requested_form import Answer
from core.judge.wording import retry_instruction
from core.providers.base import CallContext, ChatRequest, OutputLimit, Provider

log = structlog.get_logger(__name__)
MAX_JUDGE_TEXT_CHARS = 20_000
MAX_CUT_ANSWER_CHARS = 500
"""Of an answer that was cut off only its beginning is shown to the judge again: the rest may fill its context."""
COULD_NOT_DECIDE = "The judge could not decide."

MAX_INLINE_ANSWER_CHARS = 32_000
"""Many times a normal answer, at most about 50 ms. Longer answers are parsed by `read_long`."""
MAX_INLINE_REPLY_CHARS = 100_000  # quotes are searched for in the reply
ANSWER_ID_BYTES = 6  # 48 bits, drawn for each question: too many to guess

_COUNTS = tuple(Usage.model_fields)


@dataclass(frozen=True)
class ReadAnswer:
    answer: Answer
    passage: str
    """The passage of the reply that matches the evidence; "" when there is none."""


AnswerTexts = tuple[str, str, str, str, bool]
"""The judge's text, the criterion's id, the reply, the answer id, and whether the judge had to write one object."""
ReadLong = Callable[[int, AnswerTexts], Awaitable[ReadAnswer | None]]
"""Parses an answer, given the total length of the texts in characters. Raises HunterError."""


def read_with_evidence(
    text: str, criterion_id: str, reply_text: str, answer_id: str, enforced: bool
) -> ReadAnswer | None:
    answer = read_answer(text, criterion_id, reply_text, answer_id, enforced=enforced)
    return ReadAnswer(answer, passage_of(reply_text, answer.evidence)) if answer else None


async def read_here(_chars: int, texts: AnswerTexts) -> ReadAnswer | None:
    return read_with_evidence(*texts)


def new_answer_id() -> str:
    """12 hexadecimal characters. Random, since an attacker may have written notebook, reply and criterion."""
    return secrets.token_hex(ANSWER_ID_BYTES)


class Question:
    """One criterion of one reply. Used once."""

    def __init__(
        self,
        prompt: ReplyPrompt,
        criterion: Criterion,
        reply_text: str,
        judge_model: str,
        *,
        request: ChatRequest,
        answer_id: str,
        read_long: ReadLong,
    ) -> None:
        """`request`: with everything but the messages. `answer_id`: 12 hexadecimal characters, unknown when the reply
        was written (new_answer_id)."""
        self._usual = request
        self._criterion = criterion
        self._reply_text = reply_text
        self._judge_model = judge_model
        self._answer_id = answer_id
        self._read_long = read_long
        self._messages = prompt.messages(criterion, answer_id)
        self._answers: list[Reply] = []
        self._failed_calls = 0
        self._cost_known = True

    async def ask(self, provider: Provider, max_attempts: int, context: CallContext) -> CriterionVerdict:
        """Make at most `max_attempts` attempts. A failed call is final, since the provider has retried it."""
        for _ in range(max_attempts):
            request = self._request()
            try:
                reply = await self._call(provider, request, context)
            except HunterError as error:
                return self._failed_verdict(error)
            self._answers.append(reply)
            if read := await self._read(reply, enforced=provider.answer_form(request) != "words"):
                return self._decided_verdict(read)
        return self._unusable_verdict(provider.output_limit(self._usual))

    def _request(self) -> ChatRequest:
        changes: dict[str, object] = {"messages": (*self._messages, *self._retry_messages())}
        if self._in_words:
            changes["answer_schema"] = None
        return self._usual.model_copy(update=changes)

    @property
    def _in_words(self) -> bool:
        """After a whole answer that was not usable the judge may answer freely. A schema would not have helped: what
        remains unclear is whose verdict it is, and free answers are read by stricter rules."""
        return bool(self._answers) and not self._answers[-1].cut_off

    async def _call(self, provider: Provider, request: ChatRequest, context: CallContext) -> Reply:
        slots = 0

        async def count_slot() -> None:
            nonlocal slots
            slots += 1
            await context.on_slot()

        try:
            return await provider.complete(request, replace(context, on_slot=count_slot))
        except HunterError:
            self._failed_calls, self._cost_known = slots, provider.simulated
            raise

    def _retry_messages(self) -> tuple[Message, ...]:
        """The judge's last unusable answer and the request for a usable one. Earlier answers would only add cost."""
        if not self._answers:
            return ()
        cut_off = self._answers[-1].cut_off
        unusable = bounded(encodable(self._answers[-1].text), MAX_CUT_ANSWER_CHARS if cut_off else MAX_JUDGE_TEXT_CHARS)
        again = retry_instruction(self._criterion.id, self._answer_id, cut_off=cut_off)
        return Message(role="assistant", content=unusable), Message(role="user", content=again)

    async def _read(self, reply: Reply, *, enforced: bool) -> ReadAnswer | None:
        """None also for an answer that was cut off at its output limit, since its end is missing."""
        if reply.cut_off:
            return None
        arguments = (reply.text, self._criterion.id, self._reply_text, self._answer_id, enforced)
        if len(reply.text) <= MAX_INLINE_ANSWER_CHARS and len(self._reply_text) <= MAX_INLINE_REPLY_CHARS:
            return read_with_evidence(*arguments)
        try:
            return await self._read_long(len(reply.text) + len(self._reply_text), arguments)
        except HunterError as error:  # timed out, or the process could not be started
            log.warning("judge.answer_unreadable", error=error.message)
            return None

    def _decided_verdict(self, read: ReadAnswer) -> CriterionVerdict:
        """Evidence that is not a passage of the reply goes into `judge_text` instead."""
        answer, passage = read.answer, read.passage
        undecided = answer.verdict is Verdict.UNDETERMINED
        other_evidence = "" if passage else bounded(answer.evidence, MAX_JUDGE_TEXT_CHARS)
        return self._verdict(
            answer.verdict,
            reason=answer.reason or (COULD_NOT_DECIDE if undecided else ""),
            evidence=encodable(passage),
            judge_text=self._last_answer() if undecided else other_evidence,
            confidence=confidence_of(answer.verdict, self._answers[-1].logprobs),
        )

    def _unusable_verdict(self, limit: OutputLimit) -> CriterionVerdict:
        times = len(self._answers)
        sentence = f"The judge gave no usable verdict in {times} attempt{'s'[: times > 1]}."
        if all(answer.cut_off for answer in self._answers):
            sentence += f" Its answers were cut off at their output limit: raise {limit}."
        return self._verdict(Verdict.UNDETERMINED, reason=sentence, judge_text=self._last_answer())

    def _failed_verdict(self, error: HunterError) -> CriterionVerdict:
        earlier = f"\n\nEarlier answer of the judge:\n{self._last_answer()}" if self._answers else ""
        return self._verdict(
            Verdict.UNDETERMINED,
            reason=f"The judge's call failed: {error.message}",
            judge_text=error.message + earlier,
            error=error.code,
        )

    def _last_answer(self) -> str:
        return bounded(encodable(self._answers[-1].text), MAX_JUDGE_TEXT_CHARS)

    def _verdict(
        self,
        verdict: Verdict,
        *,
        reason: str,
        judge_text: str,
        evidence: str = "",
        error: str = "",
        confidence: float | None = None,
    ) -> CriterionVerdict:
        costs = [reply.cost_usd for reply in self._answers]
        known = [cost for cost in costs if cost is not None]
        all_known = len(known) == len(costs) and self._cost_known
        return CriterionVerdict(
            criterion_id=self._criterion.id,
            verdict=verdict,
            reason=reason,
            evidence=evidence,
            judge_model=self._judge_model,
            judge_text=judge_text,
            calls=sum(reply.calls for reply in self._answers) + self._failed_calls,
            usage=_sum_usage([reply.usage for reply in self._answers]),
            # With one unknown cost the sum is unknown, not 0.
            cost_usd=sum(known, 0.0) if all_known else None,
            cache_saved_usd=sum_known(reply.cache_saved_usd for reply in self._answers),
            confidence=confidence,
            latency_ms=sum(reply.latency_ms for reply in self._answers),
            **_answered_by(self._answers),
            error=error,
        )


def _answered_by(answers: list[Reply]) -> dict[str, str]:
    """Which model, upstream and configuration gave the last answer."""
    if not answers:
        return {}
    last = answers[-1]
    return {"model_version": last.model, "upstream": last.upstream, "system_fingerprint": last.system_fingerprint}


def _sum_usage(usages: list[Usage]) -> Usage:
    """The sum of each token count; None where one is unknown."""
    if len(usages) == 1:
        return usages[0]
    columns = {name: [getattr(usage, name) for usage in usages] for name in _COUNTS}
    return Usage(**{name: sum(column) if column and None not in column else None for name, column in columns.items()})
