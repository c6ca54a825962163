"""The judge: one call per criterion, all criteria of a reply concurrently.

A failed judge call gives an UNDETERMINED verdict with the cause, never a FAIL: an outage is never a break.
Concurrency is not limited here; the provider from the catalog is throttled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from core.domain.chat import Message
from core.domain.criteria import Criterion
from core.domain.parameters import NO_PARAMETERS, Parameters
from core.domain.task import Task
from core.domain.verdict import CriterionVerdict, Verdict
from core.errors import HunterError, NotFound
from core.judge.prompt import ReplyPrompt
from core.judge.question import Question, ReadLong, new_answer_id, read_here
from core.judge.schema import VERDICT_SCHEMA
from core.providers.base import CallContext, ChatRequest, Provider, SharedPrefix
from core.settings import CallSettings

log = structlog.get_logger(__name__)

LONG_REPLY_CHARS = 50_000
"""Building the prompt for a longer reply takes a millisecond, so the event loop runs other tasks in between."""
MIN_CACHED_CHARS = 4_000
"""Providers cache prompts from 1,024 tokens on; a token has about four characters."""
OnVerdict = Callable[[CriterionVerdict], Awaitable[None]]


class ModelResolver(Protocol):
    """Resolves a model name to its provider."""

    def resolve(self, model: str) -> tuple[Provider, str]:
        """The provider for `provider/model id` and its id of the model. Raises HunterError when there is none."""


def log_unexpected_error(bug: Exception) -> None:
    log.error("judging.failed", exc_info=bug)


class Judge:
    def __init__(
        self,
        catalog: ModelResolver,
        settings: CallSettings,
        on_bug: Callable[[Exception], None] = log_unexpected_error,
        draw_answer_id: Callable[[], str] = new_answer_id,
        read_long: ReadLong = read_here,
    ) -> None:
        """`on_bug` logs and counts every exception that is not a HunterError. `draw_answer_id` returns a new answer id
        for each question; tests pass a known one. `read_long` parses long answers, and answers about long replies,
        outside the event loop."""
        self._catalog = catalog
        self._settings = settings
        self._on_bug = on_bug
        self._draw_answer_id = draw_answer_id
        self._read_long = read_long
        self._defaults = _default_parameters(settings.judge_reasoning_effort)

    async def grade(
        self,
        task: Task,
        criterion: Criterion,
        reply_text: str,
        judge_model: str,
        context: CallContext,
        history: tuple[Message, ...] = (),
    ) -> CriterionVerdict:
        """The verdict on one criterion of one reply, after at most `max_judge_attempts` attempts.

        UNDETERMINED when the judge is unavailable or gives no usable answer. Cancelling ends the call immediately.
        """
        grading = _Grading(task, reply_text, judge_model, history, self._request(NO_PARAMETERS))
        return await self._grade(grading, criterion, context)

    def _request(self, parameters: Parameters) -> ChatRequest:
        """The request of a question, but for the model, the messages and what they share with others."""
        return ChatRequest(
            model="",
            messages=(),
            purpose="judge",
            max_output_tokens=self._settings.judge_max_output_tokens,
            parameters=parameters,
            default_parameters=self._defaults,
            answer_schema=VERDICT_SCHEMA,
            logprobs=True,
        )

    async def _grade(self, grading: _Grading, criterion: Criterion, context: CallContext) -> CriterionVerdict:
        refused = self._refusal(grading.reply_text)
        if refused is not None:
            return _undetermined(criterion, grading.judge_model, *refused)
        try:
            provider, model = self._catalog.resolve(grading.judge_model)
        except HunterError as error:
            message = f"The judge is not available: {error.message}"
            return _undetermined(criterion, grading.judge_model, error.code, message)
        prompt = grading.prompt(provider, model)
        question = Question(
            prompt,
            criterion,
            grading.reply_text,
            grading.judge_model,
            answer_id=self._draw_answer_id(),
            read_long=self._read_long,
            request=grading.request(prompt, model, cache_warmup=self._settings.judge_cache_warmup),
        )
        return await question.ask(provider, self._settings.max_judge_attempts, context)

    async def grade_all(
        self,
        task: Task,
        reply_text: str,
        judge_model: str,
        context_factory: Callable[[], CallContext],
        on_verdict: OnVerdict,
        skip: Mapping[str, CriterionVerdict] | None = None,
        missing: Sequence[str] = (),
        history: tuple[Message, ...] = (),
        parameters: Parameters = NO_PARAMETERS,
    ) -> tuple[CriterionVerdict, ...]:
        """All verdicts in the order of the criteria, then MISSING verdicts for the `missing` ids, without a call.

        `on_verdict` is called with each new verdict. Verdicts in `skip` (criterion id → verdict) are returned without a
        call to the judge or to `on_verdict`. When `on_verdict` raises, the other criteria are still judged and
        reported; then the first error is raised. After NotFound they are not: nobody needs their verdicts.
        `parameters`: how the judge is called.
        """
        verdicts = _Verdicts(dict(skip or {}), on_verdict)
        grading = _Grading(task, reply_text, judge_model, history, self._request(parameters))

        async def judge(criterion: Criterion) -> None:
            def grade() -> Awaitable[CriterionVerdict]:
                return self._grade(grading, criterion, context_factory())

            await verdicts.record(await self._grade_safely(criterion, judge_model, grade))

        for id_ in verdicts.without(missing):
            await verdicts.record(CriterionVerdict(criterion_id=id_, verdict=Verdict.MISSING))
        open_ = {c.id: c for c in task.criteria}
        for id_ in self._ahead(grading, verdicts.without(open_)):
            await judge(open_[id_])
        gone: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as judging:
                for id_ in verdicts.without(open_):
                    judging.create_task(judge(open_[id_]), name=f"judge {id_}")
                    if len(reply_text) > LONG_REPLY_CHARS:
                        await asyncio.sleep(0)
        except* NotFound as group:
            gone = group.exceptions[0]
        if gone is not None:
            raise gone
        for id_ in verdicts.without(open_):  # its call was cancelled, although the judging was not
            await verdicts.record(_undetermined(open_[id_], judge_model, "cancelled", "The judge call was cancelled."))
        return verdicts.all_of((*open_, *missing))

    def _ahead(self, grading: _Grading, ids: Sequence[str]) -> Sequence[str]:
        """The criterion whose call stores the prompt in the provider's cache before the others are judged; none if
        that is not wanted, or the prompts share too little."""
        if not self._settings.judge_cache_warmup or len(ids) < 2 or self._refusal(grading.reply_text):
            return ()
        with suppress(HunterError):
            provider, model = self._catalog.resolve(grading.judge_model)
            if grading.prompt(provider, model).cacheable_chars >= MIN_CACHED_CHARS:
                return ids[:1]
        return ()

    async def _grade_safely(
        self, criterion: Criterion, judge_model: str, grade: Callable[[], Awaitable[CriterionVerdict]]
    ) -> CriterionVerdict:
        """The result of `grade`. An unexpected error on one criterion does not stop the others."""
        try:
            return await grade()
        except Exception as bug:  # noqa: BLE001  (recorded and counted by on_bug)
            self._on_bug(bug)
            return _undetermined(
                criterion, judge_model, "internal_error", "Judging failed because of a bug in Model Hunter."
            )

    def _refusal(self, reply_text: str) -> tuple[str, str] | None:
        """(code, message) when this reply cannot be judged."""
        max_chars = self._settings.max_judged_chars
        if not reply_text.strip():
            return "empty_reply", "There is no reply to judge."
        if len(reply_text) > max_chars:
            return "reply_too_long", (
                f"The reply has {len(reply_text):,} characters; at most {max_chars:,} can be judged."
            )
        return None


def _default_parameters(effort: str) -> Parameters:
    """What a judge is sent where its model takes it and nothing else was chosen."""
    reasoning = {"effort": effort} if effort else None
    return Parameters.model_validate({"temperature": 0.0, "reasoning": reasoning})


class _Grading:
    """The judging of one reply: what all its questions share."""

    def __init__(
        self,
        task: Task,
        reply_text: str,
        judge_model: str,
        history: tuple[Message, ...],
        usual: ChatRequest,
    ) -> None:
        self.reply_text, self.judge_model = reply_text, judge_model
        self._task, self._history, self._usual = task, history, usual
        self._prompt: ReplyPrompt | None = None
        self._request: ChatRequest | None = None

    def prompt(self, provider: Provider, model: str) -> ReplyPrompt:
        """The prompt, built with the first question."""
        if self._prompt is None:
            enforced = provider.answer_form(self._usual.model_copy(update={"model": model}))
            self._prompt = ReplyPrompt(self._task, self.reply_text, self._history, undetermined=enforced == "schema")
        return self._prompt

    def request(self, prompt: ReplyPrompt, model: str, *, cache_warmup: bool) -> ChatRequest:
        """What all requests about the reply share: everything but the messages. Built with the first question."""
        if self._request is None:
            repeated = cache_warmup and prompt.cacheable_chars >= MIN_CACHED_CHARS
            shared = SharedPrefix(prompt.cache_key, prompt.shared_chars, repeated)
            self._request = self._usual.model_copy(update={"model": model, "shared_prefix": shared})
        return self._request


class _Verdicts:
    """The verdicts on one reply. Reports each new one to `on_verdict` once."""

    def __init__(self, known: dict[str, CriterionVerdict], on_verdict: OnVerdict) -> None:
        self._known = known
        self._on_verdict = on_verdict
        self._failures: list[Exception] = []

    def without(self, ids: Iterable[str]) -> list[str]:
        """The `ids` without a verdict."""
        return [id_ for id_ in ids if id_ not in self._known]

    async def record(self, verdict: CriterionVerdict) -> None:
        self._known[verdict.criterion_id] = verdict
        try:
            await self._on_verdict(verdict)
        except NotFound:
            raise
        except Exception as failure:  # noqa: BLE001  (raised by all_of, so that no other verdict is lost)
            self._failures.append(failure)

    def all_of(self, ids: Iterable[str]) -> tuple[CriterionVerdict, ...]:
        """The verdicts in the order of `ids`. Raises the first error of `on_verdict`."""
        if self._failures:
            raise self._failures[0]
        return tuple(self._known[id_] for id_ in dict.fromkeys(ids))


def _undetermined(criterion: Criterion, judge_model: str, code: str, message: str) -> CriterionVerdict:
    """A verdict without a call, or whose calls are unknown."""
    return CriterionVerdict(
        criterion_id=criterion.id,
        verdict=Verdict.UNDETERMINED,
        reason=message,
        judge_model=judge_model,
        judge_text=message,
        error=code,
    )
