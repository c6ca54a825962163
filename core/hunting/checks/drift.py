"""Judges reviewed replies again, from the telemetry alone, to see whether a judge has drifted. Sessions do not change.

Each verdict is in the log before the next reply is judged, so a repeated command pays again only for the calls that
were in flight at a kill. Only one command at a time judges again on a log. When the log cannot be written, no further
reply is judged.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core.clock import Clock
from core.domain.chat import Message
from core.domain.ids import is_simulated
from core.domain.parameters import NO_PARAMETERS, Parameters, Target, is_default
from core.domain.task import Task
from core.domain.verdict import CriterionVerdict, Verdict
from core.errors import BudgetSpent, Conflict, Unavailable
from core.hunting.judge_reports import log_reader
from core.hunting.records import verdict_cost
from core.hunting.runs.estimate import CHARS_PER_TOKEN, JUDGE_INSTRUCTION_CHARS, JUDGE_OUTPUT_TOKENS, Offers
from core.judge.judge import Judge
from core.judge.prompt import prompt_hash
from core.providers.base import CallContext, RetryBudget
from core.review.judge_cards import JudgeReport, judge_report
from core.settings import TelemetrySettings
from core.telemetry.appending import FILE_MODE, FOLDER_MODE
from core.telemetry.judge_counts import count_verdicts
from core.telemetry.records import VerdictRecord
from core.telemetry.reviewed_replies import ReviewedReply, judged_again, reviewed_replies
from core.telemetry.writer import TelemetryWriter

LOCK_NAME = "rejudge.lock"
"""In the telemetry folder."""
REPLIES_AT_ONCE = 8
"""Their calls still wait for slots of the account."""
MTOK = 1_000_000


@contextmanager
def judging_alone(settings: TelemetrySettings) -> Iterator[None]:
    """Raise Conflict while another process judges again on this log: both would pay for the same verdicts. Raises
    Unavailable if the folder cannot be written."""
    folder = Path(settings.directory)
    try:
        folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        lock = os.open(folder / LOCK_NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        raise Unavailable(f"The telemetry cannot be written: {error}.", hint="Check TELEMETRY_DIR.") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # released when its process ends, also by kill -9
        except BlockingIOError as error:
            hint = "Wait until it has ended, or stop it."
            raise Conflict("Another command judges reviewed replies again.", hint=hint) from error
        yield
    finally:
        os.close(lock)


@dataclass(frozen=True)
class RejudgedReply:
    """One reviewed reply, and the criteria that its judge is asked about again."""

    of: ReviewedReply
    task: Task
    history: tuple[Message, ...]
    judge: Target
    criteria: tuple[str, ...]


@dataclass(frozen=True)
class DriftPlan:
    questions: tuple[RejudgedReply, ...]
    recent: int
    """Criteria that were judged again recently and are left out."""
    over_limit: int
    """Replies beyond the maximum number of calls."""
    without_task: int
    without_reply: int
    """Replies that cannot be judged, because the log lacks their task or their whole text."""
    report: JudgeReport
    """The cards before."""

    @property
    def calls(self) -> int:
        return sum(len(question.criteria) for question in self.questions)

    @property
    def calls_by_judge(self) -> dict[str, int]:
        calls: dict[str, int] = defaultdict(int)
        for question in self.questions:
            calls[question.judge.model] += len(question.criteria)
        return dict(calls)


@dataclass
class DriftResult:
    judged: int = 0
    usd: float = 0.0
    """Known costs."""
    failed: int = 0
    problem: str = ""
    """Of the last verdict that failed."""


def plan_drift(
    settings: TelemetrySettings, since: datetime, judge: Target | None, max_calls: int, not_after: datetime
) -> DriftPlan:
    """Read the log. Blocks. `judge`: instead of the judges of the reviewed verdicts. `not_after`: what was judged again
    later is recent. Raises Unavailable if the log cannot be read."""
    with log_reader(settings) as reader:
        found = reviewed_replies(reader, _in_the_log(since))
        report = judge_report(count_verdicts(reader))
        by_judge: dict[str, list[tuple[ReviewedReply, Target]]] = defaultdict(list)
        for reply in found.replies:
            chosen = judge or Target(model=reply.judge_model, parameters=_parameters(reply.judge_parameters))
            by_judge[chosen.target].append((reply, chosen))
        every, recent = [], 0
        for replies in by_judge.values():
            model, parameters = replies[0][1].model, replies[0][1].parameters
            done = judged_again(reader, _in_the_log(not_after), model, _canonical(parameters))
            for reply, chosen in replies:
                question = _question(reply, chosen, done)
                recent += len(reply.criteria) - len(question.criteria)
                every += [question] if question.criteria else []
    fitting = list(_within(every, max_calls))
    return DriftPlan(
        questions=tuple(fitting),
        recent=recent,
        over_limit=len(every) - len(fitting),
        without_task=found.without_task,
        without_reply=found.without_reply,
        report=report,
    )


def estimated_usd(plan: DriftPlan, offers: Offers) -> float | None:
    """From what a verdict of the judge has cost so far, else from the lengths of the texts; None if unknown."""
    costs = [_usd_of(question, plan.report, offers) for question in plan.questions]
    return None if None in costs else sum(cost for cost in costs if cost is not None)


@dataclass(frozen=True)
class DriftJudging:
    judge: Judge
    telemetry: TelemetryWriter
    clock: Clock
    retry_budget_ratio: float
    _result: DriftResult = field(default_factory=DriftResult)

    async def run(self, plan: DriftPlan, stopped: asyncio.Event, on_verdict: Callable[[], None]) -> DriftResult:
        """Judge the plan's replies. After `stopped` no further one is begun."""
        began = int(self.clock.now().timestamp())
        budget = RetryBudget(left=10 + int(plan.calls * self.retry_budget_ratio))
        waiting = iter(plan.questions)

        async def work() -> None:
            for question in waiting:
                if stopped.is_set():
                    return
                await self._judge(question, began, budget, stopped, on_verdict)

        async with asyncio.TaskGroup() as working:
            for _ in range(min(REPLIES_AT_ONCE, len(plan.questions))):
                working.create_task(work(), name="judging again for drift")
        return self._result

    async def _judge(
        self,
        question: RejudgedReply,
        began: int,
        budget: RetryBudget,
        stopped: asyncio.Event,
        on_verdict: Callable[[], None],
    ) -> None:
        async def record(verdict: CriterionVerdict) -> None:
            self._count(verdict)
            if verdict.error == BudgetSpent.code:
                stopped.set()
            if verdict.calls and not await self._write(_record(question, verdict, began)):
                stopped.set()
            on_verdict()

        skipped = {
            c.id: CriterionVerdict(criterion_id=c.id, verdict=Verdict.MISSING)
            for c in question.task.criteria
            if c.id not in question.criteria
        }
        await self.judge.grade_all(
            question.task,
            question.of.reply,
            question.judge.model,
            lambda: CallContext(budget=budget),
            on_verdict=record,
            skip=skipped,
            history=question.history,
            parameters=question.judge.parameters,
        )

    async def _write(self, record: VerdictRecord) -> bool:
        """Write the record to the log. False if the disk rejects it: it waits, and is lost with this process."""
        failures = self.telemetry.status().failed
        self.telemetry.record(record)
        await self.telemetry.flush()
        now = self.telemetry.status()
        if not now.queued or now.failed == failures:
            return True
        self._result.failed += 1
        self._result.problem = "The telemetry cannot be written (TELEMETRY_DIR)."
        return False

    def _count(self, verdict: CriterionVerdict) -> None:
        self._result.judged += not verdict.error
        self._result.usd += verdict.cost_usd or 0.0
        if verdict.error:
            self._result.failed += 1
            self._result.problem = verdict.reason


def _question(reply: ReviewedReply, judge: Target, done: frozenset[tuple[str, str, str]]) -> RejudgedReply:
    content = json.loads(reply.content)
    task = Task.model_validate(content["task"], extra="ignore")
    known = {criterion.id for criterion in task.criteria}
    return RejudgedReply(
        of=reply,
        task=task,
        history=tuple(Message.model_validate(message, extra="ignore") for message in content["history"]),
        judge=judge,
        criteria=tuple(c for c in reply.criteria if c in known and (reply.session, reply.hunt_id, c) not in done),
    )


def _within(questions: Iterable[RejudgedReply], max_calls: int) -> Iterator[RejudgedReply]:
    left = max_calls
    for question in questions:
        if len(question.criteria) <= left:
            left -= len(question.criteria)
            yield question


def _usd_of(question: RejudgedReply, report: JudgeReport, offers: Offers) -> float | None:
    judge, calls = question.judge, len(question.criteria)
    if is_simulated(judge.model):
        return 0.0
    known = [card for card in report.cards if card.model == judge.model and card.usd_per_verdict is not None]
    if known:
        weights = [card.unusable.n if card.unusable else 1 for card in known]
        costs = [card.usd_per_verdict or 0.0 for card in known]
        return calls * sum(w * c for w, c in zip(weights, costs, strict=True)) / sum(weights)
    prices = offers.prices(judge.model, judge.parameters)
    if prices.input is None or prices.output is None:
        return None
    task = question.task
    texts = (question.of.reply, task.prompt, task.response, task.judge_system_prompt, task.judge_prompt_template)
    chars = sum(map(len, texts)) + sum(len(message.content) for message in question.history) + JUDGE_INSTRUCTION_CHARS
    each = chars / CHARS_PER_TOKEN * prices.input + JUDGE_OUTPUT_TOKENS.expected * prices.output
    return calls * each / MTOK


def _record(question: RejudgedReply, verdict: CriterionVerdict, began: int) -> VerdictRecord:
    of, judge = question.of, question.judge
    return VerdictRecord(
        session=of.session,
        run_id=of.run_id,
        hunt_id=of.hunt_id,
        criterion=verdict.criterion_id,
        verdict=verdict.verdict.value,
        source="drift",
        round=began,
        judge_model=judge.model,
        judge_prompt=prompt_hash(question.task),
        judge_parameters=_canonical(judge.parameters),
        simulated=of.simulated,
        notebook=of.notebook,
        task=of.task,
        model=of.model,
        reply_mark=of.reply_mark,
        blind=of.blind,
        error=verdict.error or None,
        **verdict_cost((verdict,)),
        label=of.label,
    )


def _parameters(text: str) -> Parameters:
    return Parameters.model_validate(json.loads(text), extra="ignore") if text else NO_PARAMETERS


def _canonical(parameters: Parameters) -> str:
    return "" if is_default(parameters) else parameters.canonical


def _in_the_log(moment: datetime) -> datetime:
    """UTC without a zone, as in the tables."""
    return moment.astimezone(UTC).replace(tzinfo=None)
