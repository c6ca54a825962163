"""`check`: shows a notebook's task and whether its reference response passes its criteria."""

from __future__ import annotations

import signal
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from typing_extensions import TypedDict

from core.cli.opening import open_source
from core.cli.options import CONFIRM
from core.cli.output import StdoutConsole, to_stdout
from core.cli.report import report_error
from core.cli.signals import stop_on_signals
from core.cli.sources import Source, read_sources
from core.domain.criteria import Criterion
from core.domain.session import CheckStatus, Session, TaskWarning
from core.domain.task import PassRule
from core.domain.verdict import CriterionVerdict
from core.errors import BadTask, HunterError
from core.eventlog.base import START
from core.hunting.orders import CheckOrder
from core.hunting.views.serialize import to_json
from core.hunting.views.tasks import CheckView, TaskView, check_view, task_view
from core.runtime import Runtime, open_runtime
from core.settings import Settings


class CheckReport(TypedDict):
    """The JSON of `check --json`."""

    notebook: str
    task: TaskView
    proposed_criteria: tuple[Criterion, ...]
    warnings: tuple[TaskWarning, ...]
    check: CheckView
    problem: str
    """Why the reference was not judged; empty if it was."""


async def check(
    settings: Settings,
    notebooks: Sequence[str],
    judge: str,
    *,
    as_json: bool,
    confirm: bool = False,
    pass_rule: PassRule | None = None,
) -> int:
    """Check every notebook. Returns 0 if all pass, 1 if one does not, 2 if one cannot be read."""
    stop_on_signals(lambda: signal.raise_signal(signal.SIGINT), (signal.SIGTERM,))  # same effect as Ctrl-C
    sources = list(read_sources(notebooks))
    worst = 0
    opening = {"confirm": confirm, "pass_rule": pass_rule}
    async with open_runtime(settings) as runtime:
        if judge:
            runtime.catalog.resolve(judge)
        for source in sources:
            try:
                worst = max(worst, await _check_one(runtime, source, judge, as_json, opening))
            except HunterError as error:  # the other notebooks are still checked
                report_error(source.name, error, as_json=as_json)
                worst = 2
    return worst


async def _check_one(runtime: Runtime, source: Source, judge: str, as_json: bool, opening: dict[str, Any]) -> int:
    session = await open_source(runtime, source, **opening)
    problem = ""
    try:
        await runtime.service.start_check(session.session_id, CheckOrder(judge_model=judge))
        session = await _wait_for_check(runtime, session.session_id)
    except BadTask as error:
        problem = error.message
    with to_stdout():
        _report(source.name, session, problem, as_json=as_json)
    return 0 if session.check.status is CheckStatus.PASSED else 1


def _report(name: str, session: Session, problem: str, *, as_json: bool) -> None:
    if as_json:
        shown: CheckReport = {
            "notebook": name,
            "task": task_view(session.task),
            "proposed_criteria": session.proposed_criteria,
            "warnings": session.warnings,
            "check": check_view(session.check, session.task),
            "problem": problem,
        }
        sys.stdout.buffer.write(to_json(shown) + b"\n")
    else:
        _print(name, session, problem)


async def _wait_for_check(runtime: Runtime, sid: str) -> Session:
    async for _events in runtime.events.watch(sid, START):
        session = await runtime.store.read(sid)
        if session.check.finished_at is not None:
            break
    return await runtime.store.read(sid)


def _print(name: str, session: Session, problem: str) -> None:
    console = StdoutConsole()
    task = session.task
    words = len(task.prompt.split())
    console.print(f"[bold]{escape(name)}[/]: {words} words, {len(task.criteria)} criteria, pass rule {task.pass_rule}")
    for warning in session.warnings:
        console.print(f"  warning: {escape(warning.message)}", soft_wrap=True)
    _print_criteria(console, task.criteria)
    if session.proposed_criteria:
        console.print(f"  recovered, but not confirmed ({CONFIRM} accepts them):", soft_wrap=True)
        _print_criteria(console, session.proposed_criteria)
    if problem:
        console.print(f"  {escape(problem)}", soft_wrap=True)
        return
    _print_verdicts(console, session.check.verdicts)
    shown = any(verdict.reason == session.check.error for verdict in session.check.verdicts)
    error = "" if shown or not session.check.error else f". {session.check.error}"
    console.print(f"  reference check: {session.check.status}{escape(error)}", soft_wrap=True)


def _print_verdicts(console: Console, verdicts: Sequence[CriterionVerdict]) -> None:
    """One line per criterion. Criteria whose judge calls failed with the same cause share a line."""
    groups: defaultdict[str, list[CriterionVerdict]] = defaultdict(list)
    for verdict in verdicts:
        groups[f"error {verdict.error}" if verdict.error else verdict.criterion_id].append(verdict)
    for group in groups.values():
        ids = ", ".join(verdict.criterion_id for verdict in group)
        of_what = f"{len(group)} criteria ({ids})" if len(group) > 1 else ids
        console.print(f"  {of_what} {group[0].verdict}  {escape(group[0].reason)}", soft_wrap=True)


def _print_criteria(console: Console, criteria: Sequence[Criterion]) -> None:
    for criterion in criteria:
        console.print(f"  {criterion.id}: {escape(criterion.text)}", soft_wrap=True)
