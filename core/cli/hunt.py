"""`hunt`: runs hunts with live progress and writes the notebook at the end or when stopped."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from rich.console import Console

from core.cli.input_files import Source, read_sources
from core.cli.opening import check_models, how_to_confirm, open_source
from core.cli.output import OutputLost, SafeStderr, discard_stdout, say, to_stdout
from core.cli.output_paths import STDOUT, places, write_notebook
from core.cli.progress import ProgressDisplay
from core.cli.replaced_notebook import contains
from core.cli.report import StdoutConsole, print_report, report_error, report_json, write_json
from core.cli.signals import stop_on_signals
from core.domain.allocation import Allocation
from core.domain.hunt import Hunt
from core.domain.ids import is_simulated
from core.domain.run import RUN_ENDED, Counts, Run, RunStatus
from core.domain.session import Session
from core.domain.stop_rule import EVERY_HUNT, StopRule
from core.domain.task import PassRule
from core.domain.verdict import Outcome
from core.errors import BadInput, BadTask, HunterError
from core.eventlog.base import START
from core.hunting.orders import NO_CHOICE, NO_SECOND_OPINIONS, ConfirmRequest, JudgeChoice, RunOrder, TargetRequest
from core.hunting.run_plan import judge_failure
from core.hunting.runs.targets import requested_targets
from core.hunting.views.runs import forecast_view
from core.review.corrected_rates import CorrectedRates
from core.runtime import Runtime, open_runtime
from core.settings import Settings


@dataclass(frozen=True)
class HuntOptions:
    notebooks: tuple[str, ...]
    models: tuple[str | TargetRequest, ...]
    hunts: int = 16
    judge: JudgeChoice = NO_CHOICE
    out: str = ""
    """A file, or a folder for several notebooks; "" writes nothing."""
    as_json: bool = False
    pass_rule: PassRule | None = None
    """Overrides the rule in the notebook's prose."""
    confirm: bool = False
    """Accept criteria that were recovered from invalid JSON."""
    judge_cut_replies: bool = False
    """Judge replies cut off at an output limit; otherwise they are errors."""
    stop: StopRule = EVERY_HUNT
    second_opinions: ConfirmRequest = NO_SECOND_OPINIONS
    allocation: Allocation = "even"


async def hunt(settings: Settings, options: HuntOptions) -> int:
    """Hunt every notebook in turn. Returns the exit code."""
    sources = list(read_sources(options.notebooks))
    outs = places(sources, options.out)
    if options.as_json and STDOUT in outs:
        raise BadInput("--json and --out both write to standard output.", hint="Write the notebook to a file.")
    stopped = asyncio.Event()
    stop_on_signals(stopped.set, (signal.SIGINT, signal.SIGTERM))
    worst = 0
    async with open_runtime(settings) as runtime:
        confirm = options.second_opinions.policy_of_run()
        await check_models(runtime, requested_targets(options.models, options.allocation), options.judge, confirm)
        for source, out in zip(sources, outs, strict=True):
            try:
                worst = max(worst, await _hunt_one(runtime, source, out, options, stopped))
            except HunterError as error:  # the other notebooks are still hunted
                report_error(source.name, error, as_json=options.as_json)
                worst = 2
            except OutputLost:
                if not stopped.is_set():
                    raise
                discard_stdout()  # the same Ctrl-C stopped the reader
            if stopped.is_set():
                return 130
    return worst


async def _hunt_one(
    runtime: Runtime, source: Source, out: Path | None, options: HuntOptions, stopped: asyncio.Event
) -> int:
    session = await open_source(
        runtime,
        source,
        confirm=options.confirm,
        pass_rule=options.pass_rule,
        judge_cut_replies=options.judge_cut_replies,
    )
    for warning in session.warnings:
        say(f"{source.name}: {warning.message}")
    order = RunOrder(
        models=options.models,
        hunts=options.hunts,
        judge=options.judge,
        stop=options.stop,
        confirm=options.second_opinions,
        allocation=options.allocation,
    )
    if not options.as_json:
        await _print_estimate(runtime, session, options)
    try:
        run = await runtime.service.start_run(session.session_id, order)
    except BadTask as error:
        error.hint = how_to_confirm(session) or error.hint
        raise
    run, counts = await _follow(runtime, session, run, stopped, quiet=options.as_json)
    hunts = [h for h in await runtime.service.all_hunts(session.session_id) if h.run_id == run.run_id]
    rates = await runtime.reviews.corrected_rates(session.session_id)
    try:
        with to_stdout():
            _report(source.name, options, session, run, counts, hunts, rates=rates, to_stderr=out == STDOUT)
    finally:  # billed replies are saved even if stdout is gone
        if out is not None:
            await _deliver(runtime, session.session_id, source, out, hunts)
    nothing_came = all(hunt.outcome is Outcome.ERROR or judge_failure(hunt) for hunt in hunts)
    return 1 if run.status is RunStatus.FAILED or nothing_came else 0


async def _print_estimate(runtime: Runtime, session: Session, options: HuntOptions) -> None:
    """Print the estimated cost, unless all models are simulated."""
    confirm = options.second_opinions.policy_of_run()
    expected = await runtime.service.estimate(
        session.session_id, options.models, options.hunts, options.judge, confirm, options.allocation
    )
    if not all(is_simulated(one.model) for one in (*expected.targets, expected.judge, *expected.confirming)):
        say(f"Estimated cost. {expected.words}")
    for state in expected.budgets:
        whose = "your budget" if state.kind == "user" else f"the budget of {state.name}"
        say(f"Left of {whose} today: ${state.left_usd:,.2f} of ${state.limit_usd:,.2f}.")


def _report(
    name: str,
    options: HuntOptions,
    session: Session,
    run: Run,
    counts: Counts,
    hunts: Sequence[Hunt],
    *,
    rates: CorrectedRates,
    to_stderr: bool,
) -> None:
    """`to_stderr`: the notebook goes to stdout, so the report goes to stderr."""
    if options.as_json:
        write_json(report_json(name, run, counts, hunts, rates, sealed=session.sealed))
    else:
        console = Console(file=cast("IO[str]", SafeStderr())) if to_stderr else StdoutConsole()
        print_report(console, name, run, counts, hunts, rates, sealed=session.sealed)


async def _deliver(runtime: Runtime, sid: str, source: Source, out: Path, hunts: Sequence[Hunt]) -> None:
    delivery = await runtime.service.deliver(sid)
    replaces = partial(contains, delivery.notebook, source=source.raw)
    moved = await asyncio.to_thread(write_notebook, out, delivery.notebook, replaces=replaces)
    if moved is not None:
        say(f"{out} already existed with other content; it was renamed to {moved.name}.")
    if delivery.comparison.differ:
        say(f"The reviews disagree with the judge. {delivery.comparison.words}")
    open_ = sum(hunt.reply is not None and not hunt.decided for hunt in hunts)
    kept = f"; {open_} replies without an outcome are in its metadata" if open_ else ""
    where = "standard output" if out == STDOUT else out
    say(f"Wrote {where} ({len(delivery.hunt_ids)} slots filled){kept}")


async def _follow(
    runtime: Runtime, session: Session, run: Run, stopped: asyncio.Event, *, quiet: bool
) -> tuple[Run, Counts]:
    """Show progress until the run ends; a signal cancels it and keeps the finished hunts."""
    sid = session.session_id
    ctrl_c = asyncio.create_task(stopped.wait(), name="ctrl-c")
    with ProgressDisplay(run, quiet=quiet) as watching:
        watch = asyncio.create_task(_watch(runtime, sid, run.run_id, watching), name="watch")
        await asyncio.wait({ctrl_c, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not watch.done():
            await runtime.service.cancel_run(sid, run.run_id)
        await watch
        ctrl_c.cancel()
        run, counts = (await runtime.store.read(sid)).run(run.run_id), (await runtime.store.counts(sid))[run.run_id]
        watching.show(counts, ended=True)  # a cancelled run ends before its hunts
    return run, counts


async def _watch(runtime: Runtime, sid: str, rid: str, watching: ProgressDisplay) -> None:
    async for _events in runtime.events.watch(sid, START):
        session, counts = await runtime.store.read(sid), (await runtime.store.counts(sid))[rid]
        run = session.run(rid)
        expected = forecast_view(run, counts, sealed=session.sealed)
        watching.show(counts, forecast=expected["words"] if expected else "")
        if run.status in RUN_ENDED and run.finished_at is not None:
            return
