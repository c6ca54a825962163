"""One criterion's question to the judge, with retries after unusable answers, and its calls, tokens and cost."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from core.domain.chat import Message, Reply, Usage
from core.domain.criteria import Criterion
from core.domain.task import Task
from core.domain.verdict import CriterionVerdict, Verdict
from core.errors import HunterError
from core.judge.answer import Answer, read_answer
from core.judge.evidence import passage_of
from core.judge.prompt import judge_messages
from core.judge.unicode import bounded, encodable
from core.judge.wording import retry_instruction
from core.providers.base import CallContext, ChatRequest, OutputLimit, Provider
from core.settings import CallSettings

log = structlog.get_logger(__name__)
MAX_JUDGE_TEXT_CHARS = 20_000

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


AnswerTexts = tuple[str, str, str, str]
"""The judge's text, the criterion's id, the reply, the answer id."""
ReadLong = Callable[[int, AnswerTexts], Awaitable[ReadAnswer | None]]
"""Parses an answer, given the total length of the texts in characters. Raises HunterError."""


def read_with_evidence(text: str, criterion_id: str, reply_text: str, answer_id: str) -> ReadAnswer | None:
    answer = read_answer(text, criterion_id, reply_text, answer_id)
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
        task: Task,
        criterion: Criterion,
        reply_text: str,
        judge_model: str,
        history: tuple[Message, ...],
        *,
        answer_id: str,
        read_long: ReadLong,
    ) -> None:
        """`answer_id`: 12 hexadecimal characters, unknown when the reply was written (new_answer_id)."""
        self._criterion = criterion
        self._reply_text = reply_text
        self._judge_model = judge_model
        self._answer_id = answer_id
        self._read_long = read_long
        self._messages = judge_messages(task, criterion, reply_text, history, answer_id)
        self._answers: list[Reply] = []
        self._failed_calls = 0
        self._cost_known = True

    async def ask(
        self, provider: Provider, model: str, settings: CallSettings, context: CallContext
    ) -> CriterionVerdict:
        """Make at most `max_judge_attempts` attempts. A failed call is final, since the provider has retried it."""
        for _ in range(settings.max_judge_attempts):
            try:
                reply = await self._call(provider, self._request(model, settings), context)
            except HunterError as error:
                return self._failed_verdict(error)
            self._answers.append(reply)
            if read := await self._read(reply):
                return self._decided_verdict(read)
        return self._unusable_verdict(provider.output_limit(self._request(model, settings)))

    def _request(self, model: str, settings: CallSettings) -> ChatRequest:
        return ChatRequest(
            model=model,
            messages=(*self._messages, *self._retry_messages()),
            purpose="judge",
            max_output_tokens=settings.judge_max_output_tokens,
        )

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
        unusable = bounded(encodable(self._answers[-1].text), MAX_JUDGE_TEXT_CHARS)
        again = retry_instruction(self._criterion.id, self._answer_id)
        return Message(role="assistant", content=unusable), Message(role="user", content=again)

    async def _read(self, reply: Reply) -> ReadAnswer | None:
        """None also for an answer that was cut off at its output limit, since its end is missing."""
        if reply.cut_off:
            return None
        arguments = (reply.text, self._criterion.id, self._reply_text, self._answer_id)
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
        return self._verdict(
            answer.verdict,
            reason=answer.reason,
            evidence=encodable(passage),
            judge_text="" if passage else bounded(answer.evidence, MAX_JUDGE_TEXT_CHARS),
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
        self, verdict: Verdict, *, reason: str, judge_text: str, evidence: str = "", error: str = ""
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
            latency_ms=sum(reply.latency_ms for reply in self._answers),
            error=error,
        )


def _sum_usage(usages: list[Usage]) -> Usage:
    """The sum of each token count; None where one is unknown."""
    columns = {name: [getattr(usage, name) for usage in usages] for name in _COUNTS}
    return Usage(**{name: sum(column) if column and None not in column else None for name, column in columns.items()})
