"""The judge: one question per criterion, all criteria of a reply at once, and verdicts as data.

Whatever goes wrong with a judge's call is an UNDETERMINED verdict that says so, never a FAIL: outages make no breaks.
How many calls run at once is not decided here; the provider that the catalog hands out is throttled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from core.domain.chat import Message
from core.domain.criteria import Criterion
from core.domain.task import Task
from core.domain.verdict import CriterionVerdict, Verdict
from core.errors import HunterError
from core.judge.question import Question, ReadLong, new_answer_id, read_here
from core.providers.base import CallContext, Provider
from core.settings import CallSettings

log = structlog.get_logger(__name__)

LONG_REPLY_CHARS = 50_000
"""A question about a longer reply takes a millisecond to write: others have their turn between two questions."""
OnVerdict = Callable[[CriterionVerdict], Awaitable[None]]


class Catalog(Protocol):
    """Who answers for a model's name."""

    def resolve(self, model: str) -> tuple[Provider, str]:
        """The provider of `provider/model id` and its own id of the model. HunterError when nobody can be asked."""


def log_unexpected_error(bug: Exception) -> None:
    log.error("judging failed by a bug", exc_info=bug)


class Judge:
    def __init__(
        self,
        catalog: Catalog,
        settings: CallSettings,
        on_bug: Callable[[Exception], None] = log_unexpected_error,
        draw_answer_id: Callable[[], str] = new_answer_id,
        read_long: ReadLong = read_here,
    ) -> None:
        """`on_bug` is told of every exception that is not one of ours, to log and to count it. `draw_answer_id` gives
        each question its answer id; tests hand in one that they know. `read_long` reads long answers, and answers about
        long replies, so that nobody waits for it."""
        self._catalog = catalog
        self._settings = settings
        self._on_bug = on_bug
        self._draw_answer_id = draw_answer_id
        self._read_long = read_long

    async def grade(
        self,
        task: Task,
        criterion: Criterion,
        reply_text: str,
        judge_model: str,
        context: CallContext,
        history: tuple[Message, ...] = (),
    ) -> CriterionVerdict:
        """The verdict on one criterion of one reply, asked for up to `max_judge_attempts` times.

        A judge that cannot be asked, or gives no usable answer, is UNDETERMINED. Cancelling ends the call at once.
        """
        refused = self._refusal(reply_text)
        if refused is not None:
            return _undetermined(criterion, judge_model, *refused)
        try:
            provider, model = self._catalog.resolve(judge_model)
        except HunterError as error:
            return _undetermined(criterion, judge_model, error.code, f"The judge cannot be asked: {error.message}")
        question = Question(task, criterion, reply_text, judge_model, history, self._draw_answer_id(), self._read_long)
        return await question.ask(provider, model, self._settings, context)

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
    ) -> tuple[CriterionVerdict, ...]:
        """All verdicts in the order of the criteria, those on the `missing` ids (MISSING, without a call) at the end.

        `on_verdict` is told of each as it comes. Verdicts in `skip` (criterion id → verdict) stand: they are neither
        asked for nor told again. When `on_verdict` raises, the others are still judged and told; then that is raised.
        """
        verdicts = _Verdicts(dict(skip or {}), on_verdict)

        async def judge(criterion: Criterion) -> None:
            def grade() -> Awaitable[CriterionVerdict]:
                return self.grade(task, criterion, reply_text, judge_model, context_factory(), history)

            await verdicts.tell(await self._surely(criterion, judge_model, grade))

        for id_ in verdicts.without(missing):
            await verdicts.tell(CriterionVerdict(criterion_id=id_, verdict=Verdict.MISSING))
        open_ = {c.id: c for c in task.criteria}
        async with asyncio.TaskGroup() as judging:
            for id_ in verdicts.without(open_):
                judging.create_task(judge(open_[id_]), name=f"judge {id_}")
                if len(reply_text) > LONG_REPLY_CHARS:
                    await asyncio.sleep(0)
        for id_ in verdicts.without(open_):  # its call ended as cancelled, although nobody cancelled the judging
            await verdicts.tell(_undetermined(open_[id_], judge_model, "cancelled", "The judge's call was broken off."))
        return verdicts.all_of((*open_, *missing))

    async def _surely(
        self, criterion: Criterion, judge_model: str, grade: Callable[[], Awaitable[CriterionVerdict]]
    ) -> CriterionVerdict:
        """What `grade` gives; a bug in one criterion's judging takes no other criterion along."""
        try:
            return await grade()
        except Exception as bug:  # noqa: BLE001  (recorded and counted by on_bug)
            self._on_bug(bug)
            return _undetermined(
                criterion, judge_model, "internal_error", "Judging failed by a fault of Model Hunter; it was recorded."
            )

    def _refusal(self, reply_text: str) -> tuple[str, str] | None:
        """(code, sentence) when this reply is not judged at all."""
        most = self._settings.max_judged_chars
        if not reply_text.strip():
            return "empty_reply", "There is no reply to judge."
        if len(reply_text) > most:
            return "reply_too_long", (
                f"The reply has {len(reply_text):,} characters and at most {most:,} are judged; "
                "it is not judged by a part of it."
            )
        return None


class _Verdicts:
    """The verdicts on one reply: those that were there and those that come, each told once."""

    def __init__(self, known: dict[str, CriterionVerdict], on_verdict: OnVerdict) -> None:
        self._known = known
        self._on_verdict = on_verdict
        self._failures: list[Exception] = []

    def without(self, ids: Iterable[str]) -> list[str]:
        """Those of `ids` that have no verdict yet."""
        return [id_ for id_ in ids if id_ not in self._known]

    async def tell(self, verdict: CriterionVerdict) -> None:
        self._known[verdict.criterion_id] = verdict
        try:
            await self._on_verdict(verdict)
        except Exception as failure:  # noqa: BLE001  (raised by all_of, when no other verdict is lost by it)
            self._failures.append(failure)

    def all_of(self, ids: Iterable[str]) -> tuple[CriterionVerdict, ...]:
        """In the order of `ids`. Raises what the first failed telling raised."""
        if self._failures:
            raise self._failures[0]
        return tuple(self._known[id_] for id_ in dict.fromkeys(ids))


def _undetermined(criterion: Criterion, judge_model: str, code: str, sentence: str) -> CriterionVerdict:
    """For a question that was not asked, or whose calls nobody can tell of."""
    return CriterionVerdict(
        criterion_id=criterion.id,
        verdict=Verdict.UNDETERMINED,
        reason=sentence,
        judge_model=judge_model,
        judge_text=sentence,
        error=code,
    )
