"""`judges`: shows what the verdicts of each judge are worth, and judges reviewed replies again to find drift."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.markup import escape
from rich.table import Table
from typing_extensions import TypedDict

from core.cli.output import ask, say, to_stdout
from core.cli.report import StdoutConsole, write_json
from core.cli.signals import stop_on_signals
from core.domain.parameters import Target, is_default
from core.errors import BadInput
from core.hunting.checks.drift import (
    DriftJudging,
    DriftPlan,
    DriftResult,
    estimated_usd,
    judging_alone,
    plan_drift,
)
from core.hunting.judge_reports import read_report
from core.hunting.opening import build_judge
from core.hunting.orders import JudgeChoice
from core.review.judge_cards import (
    MIN_RATE_N,
    JudgeCard,
    JudgeReport,
    Pair,
    SecondJudge,
    Share,
    second_judge,
    together_words,
)
from core.runtime import Runtime, open_runtime
from core.settings import Settings

MIN_WIDTH = 120
"""Columns of output that is not a terminal: names are not cut off."""


class JudgesReport(TypedDict):
    """The JSON of `judges --json`."""

    cards: tuple[JudgeCard, ...]
    pairs: tuple[Pair, ...]
    second: SecondJudge
    """Beside the default judge."""


class RejudgeReport(TypedDict):
    """The JSON of `judges rejudge --json`."""

    judged: int
    """Verdicts that were given now."""
    failed: int
    usd: float
    """Known costs."""
    recent: int
    """Criteria that were judged again recently."""
    over_limit: int
    without_task: int
    without_reply: int
    """Replies that were left out."""
    cards: tuple[JudgeCard, ...]
    """Of the judges that were asked, with their drift."""


@dataclass(frozen=True)
class RejudgeOptions:
    since: datetime
    judge: JudgeChoice
    max_calls: int
    repeat_after_days: int
    yes: bool = False
    as_json: bool = False


async def show_judges(settings: Settings, *, as_json: bool) -> int:
    """Print the judge cards. Returns 0, also without any."""
    async with open_runtime(settings) as runtime:
        report = await asyncio.to_thread(read_report, settings.telemetry)
        catalog = runtime.catalog
        second = second_judge(catalog.default_judge, report.pairs, catalog.is_usable)
    with to_stdout():
        if as_json:
            shown: JudgesReport = {"cards": report.cards, "pairs": report.pairs, "second": second}
            write_json(shown)
        else:
            _print_report(report, second)
    return 0


async def rejudge(settings: Settings, options: RejudgeOptions) -> int:
    """Judge reviewed replies again. Returns 0 if every call gave an answer, 1 if some failed, 130 if stopped. Raises
    Conflict while another process does it on the same log."""
    stopped = asyncio.Event()
    async with AsyncExitStack() as stack:
        stack.enter_context(judging_alone(settings.telemetry))  # until the runtime has written its last records
        runtime = await stack.enter_async_context(open_runtime(settings))
        judge = _chosen(runtime, options.judge)
        not_after = runtime.clock.now() - timedelta(days=options.repeat_after_days)
        await runtime.telemetry.flush()
        plan = await asyncio.to_thread(
            plan_drift, settings.telemetry, options.since, judge, options.max_calls, not_after
        )
        for asked in {question.judge.target: question.judge for question in plan.questions}.values():
            runtime.service.models.check((), JudgeChoice(model=asked.model, parameters=asked.parameters))
        usd = estimated_usd(plan, runtime.service.models.offers)
        _say_plan(plan, usd)
        if plan.calls and not options.yes:
            ask("Continue?", nobody="Nobody can be asked whether to pay.")
        stop_on_signals(stopped.set, (signal.SIGINT, signal.SIGTERM))
        result = await _judge(runtime, settings, plan, stopped)
        report = await asyncio.to_thread(read_report, settings.telemetry)
    with to_stdout():
        _report(plan, result, report, options)
    if stopped.is_set() and not result.problem:
        say("Stopped. The verdicts so far are in the telemetry; the same command continues.")
        return 130
    return 1 if result.failed else 0


def _chosen(runtime: Runtime, choice: JudgeChoice) -> Target | None:
    """Raises BadInput for an unknown judge, and for parameters without one."""
    if not choice.model:
        if not is_default(choice.parameters):
            raise BadInput("--judge-set needs --judge.", hint="Without --judge each reply's own judge is asked.")
        return None
    return runtime.service.models.check((), choice)[0]


def _say_plan(plan: DriftPlan, usd: float | None) -> None:
    judges = ", ".join(f"{model} ({calls:,} calls)" for model, calls in plan.calls_by_judge.items())
    cost = (
        "an unknown amount (no price)" if usd is None else f"about ${usd:,.2f}" if usd >= 0.01 or not usd else "<$0.01"
    )
    if plan.calls:
        say(f"Judging {len(plan.questions):,} reviewed replies again: {judges}. Estimated cost: {cost}.")
    else:
        say("No reviewed criterion of this period needs to be judged again.")
    left_out = (
        (plan.recent, "criteria were judged again recently (--repeat-after-days)"),
        (plan.over_limit, "replies are beyond --max-calls"),
        (plan.without_task, "replies have no task in the log: reviewed in an earlier release, or too long"),
        (plan.without_reply, "replies are not in the log, or not whole (TELEMETRY_REPLY_CHARS)"),
    )
    for number, why in left_out:
        if number:
            say(f"Left out: {number:,} {why}.")


async def _judge(runtime: Runtime, settings: Settings, plan: DriftPlan, stopped: asyncio.Event) -> DriftResult:
    done = 0

    def show_progress() -> None:
        nonlocal done
        done += 1
        if done % 50 == 0:
            say(f"{done:,} of {plan.calls:,} verdicts")

    judge = build_judge(settings.calls, runtime.catalog, runtime.activity, runtime.large_input)
    judging = DriftJudging(judge, runtime.telemetry, runtime.clock, settings.calls.retry_budget_ratio)
    result = await judging.run(plan, stopped, show_progress)
    await runtime.telemetry.flush()
    return result


def _report(plan: DriftPlan, result: DriftResult, report: JudgeReport, options: RejudgeOptions) -> None:
    asked = set(plan.calls_by_judge)
    cards = tuple(card for card in report.cards if card.model in asked)
    if options.as_json:
        shown: RejudgeReport = {
            "judged": result.judged,
            "failed": result.failed,
            "usd": result.usd,
            "recent": plan.recent,
            "over_limit": plan.over_limit,
            "without_task": plan.without_task,
            "without_reply": plan.without_reply,
            "cards": cards,
        }
        write_json(shown)
        return
    console = StdoutConsole()
    if result.failed:
        console.print(f"{result.failed:,} verdicts failed. The last: {escape(result.problem)}", soft_wrap=True)
    if plan.calls:
        console.print(f"{result.judged:,} verdicts, ${result.usd:,.4f}.")
    _print_cards(console, cards)


def _print_report(report: JudgeReport, second: SecondJudge) -> None:
    console = StdoutConsole()
    if not console.is_terminal:
        console.width = max(console.width, MIN_WIDTH)
    if not report.cards:
        console.print("No judge has given a verdict yet that is in the telemetry.")
        return
    console.print(_table(report.cards))
    _print_cards(console, report.cards)
    for pair in report.pairs:
        _print_pair(console, pair)
    found = f"{second.model} ({second.why})" if second.model else second.why
    console.print(f"\nSecond judge beside {escape(second.first)}: {escape(found)}.", soft_wrap=True)


def _table(cards: Collection[JudgeCard]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("judge", overflow="fold")
    table.add_column("prompt")
    titles = ("reviewed", "agreement", "sensitivity", "specificity", "kappa", "unusable", "flips", "$/verdict")
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    for card in cards:
        shares = (card.agreement, card.sensitivity, card.specificity)
        kappa = f"{card.kappa.value:.2f}" if card.kappa else "-"
        usd = "-" if card.usd_per_verdict is None else f"{card.usd_per_verdict:.4f}"
        cells = (
            f"{card.reviewed:,}",
            *map(_percent, shares),
            kappa,
            _percent(card.unusable),
            _percent(card.flips),
            usd,
        )
        table.add_row(escape(_name(card)), card.prompt or "unknown", *cells)
    return table


def _percent(share: Share | None) -> str:
    """Few are shown as counts."""
    if share is None:
        return "-"
    return f"{share.hits}/{share.n}" if share.n < MIN_RATE_N else f"{share.share:.0%}"


def _print_cards(console: StdoutConsole, cards: Collection[JudgeCard]) -> None:
    for card in cards:
        console.print(f"\n[bold]{escape(_name(card))}[/], prompt {card.prompt or 'unknown'}", soft_wrap=True)
        for sentence in card.sentences:
            console.print(f"  {escape(sentence)}", soft_wrap=True)


def _print_pair(console: StdoutConsole, pair: Pair) -> None:
    votes = pair.effective_votes
    known = "one of them made no mistake, or only mistakes" if votes is None else together_words(votes)
    judges = f"{pair.judges[0]} and {pair.judges[1]}, on {pair.n:,} reviewed criteria"
    console.print(f"\n{escape(judges)}: {pair.warning or f'{known}.'}", soft_wrap=True)


def _name(card: JudgeCard) -> str:
    return f"{card.model} {card.parameters}".rstrip()
