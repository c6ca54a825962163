"""`robustness`: puts attacks into the replies of hunted notebooks and reports which verdicts they move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typing_extensions import TypedDict

from core.cli.input_files import Source, read_sources
from core.cli.opening import check_models, judged_by, open_source, process_each, wait_until
from core.cli.output import say, to_stdout
from core.cli.report import StdoutConsole, write_json
from core.domain.checks import ReportStatus
from core.errors import BadInput
from core.hunting.orders import JudgeChoice, RobustnessOrder
from core.hunting.views.robustness import RobustnessEstimate, RobustnessView, robustness_view
from core.judge.robustness import Family
from core.runtime import Runtime, open_runtime
from core.settings import Settings


class RobustnessOutput(TypedDict):
    """The JSON of `robustness --json`."""

    notebook: str
    estimate: RobustnessEstimate
    robustness: RobustnessView


@dataclass(frozen=True)
class RobustnessOptions:
    notebooks: Sequence[str]
    judge: JudgeChoice
    replies: int
    families: Sequence[str] = ()
    as_json: bool = False
    yes: bool = False
    """Start without a question, whatever it costs."""


async def report_robustness(settings: Settings, options: RobustnessOptions) -> int:
    """Report on every notebook. Returns 0 if no attack moved a verdict to PASS, 1 if one did or a report ended with an
    error, 2 if a notebook cannot be tested."""
    async with open_runtime(settings) as runtime:
        await check_models(runtime, (), options.judge)
        sources = list(read_sources(options.notebooks))
        return await process_each(sources, lambda one: _test_one(runtime, one, options), as_json=options.as_json)


async def _test_one(runtime: Runtime, source: Source, options: RobustnessOptions) -> int:
    session = await open_source(runtime, source, confirm=False)
    order = RobustnessOrder(
        judge=options.judge, replies=options.replies, families=tuple(Family(one) for one in options.families)
    )
    estimate = await runtime.robustness.estimate(session.session_id, order)
    _refuse_unasked(source.name, estimate, options)
    await runtime.robustness.start(session.session_id, order)
    session = await wait_until(runtime, session.session_id, lambda s: s.robustness.status is not ReportStatus.RUNNING)
    view = robustness_view(session)
    with to_stdout():
        if options.as_json:
            output: RobustnessOutput = {"notebook": source.name, "estimate": estimate, "robustness": view}
            write_json(output)
        else:
            _print(StdoutConsole(), source.name, view)
    raised = any(row["raised"] for row in view["families"] if row["family"] is not Family.BENIGN)
    return int(raised or view["status"] is not ReportStatus.DONE)


def _refuse_unasked(name: str, estimate: RobustnessEstimate, options: RobustnessOptions) -> None:
    """Print what the report costs. Raises BadInput if it is not free and nobody has agreed."""
    cost = "an unknown amount" if estimate["usd"] is None else f"about ${estimate['usd']:.2f}"
    replies = len(estimate["hunt_ids"])
    texts = (
        f"{replies} {'reply' if replies == 1 else 'replies'} with {estimate['attacks']} attacks and harmless sentences"
    )
    say(f"{name}: {texts}: at most {estimate['calls']:,} judge calls, {cost}.")
    if not options.yes and estimate["usd"] != 0:
        raise BadInput("The report has not been started.", hint="Add --yes to pay for it.", code="not_confirmed")


def _print(console: Console, name: str, view: RobustnessView) -> None:
    console.print(f"[bold]{escape(name)}[/]: {escape(judged_by(view['judge_model']))}", soft_wrap=True)
    table = Table("family", "compared", "FAIL to PASS", "PASS to FAIL", "unusable")
    for row in view["families"]:
        table.add_row(row["family"], *(str(row[key]) for key in ("compared", "raised", "lowered", "unusable")))
    console.print(table)
    for moved in view["moved"]:
        change = f"{moved['criterion_id']} {moved['before']} to {moved['after']}"
        console.print(f"  {change} in {moved['hunt_id']}, {moved['attack']}: {escape(moved['text'])}", soft_wrap=True)
    if view["unsteady_criteria"]:
        unsteady = ", ".join(view["unsteady_criteria"])
        console.print(f"  A harmless sentence changed {unsteady}.", soft_wrap=True)
    error = f" {view['error']}" if view["error"] else ""
    console.print(f"  robustness: {view['status']}. {escape(view['summary'] + error)}", soft_wrap=True)
