"""`check`: shows a notebook's task and whether its reference response passes its criteria."""

from __future__ import annotations

import signal
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from typing_extensions import TypedDict

from core.cli.input_files import Source, read_sources
from core.cli.opening import check_models, judged_by, open_source, process_each, wait_until
from core.cli.options import CONFIRM
from core.cli.output import to_stdout
from core.cli.report import StdoutConsole, write_json
from core.cli.signals import stop_on_signals
from core.cli.two_sided import check_two_sided, print_two_sided
from core.domain.checks import CheckStatus
from core.domain.criteria import Criterion
from core.domain.parameters import Target
from core.domain.session import Session, TaskWarning
from core.domain.task import PassRule
from core.domain.verdict import CriterionVerdict
from core.errors import BadTask
from core.hunting.orders import CheckOrder, JudgeChoice
from core.hunting.views.tasks import CheckView, TaskView, check_view, task_view
from core.hunting.views.two_sided import TwoSidedView, two_sided_view
from core.runtime import Runtime, open_runtime
from core.settings import Settings


class CheckReport(TypedDict):
    """The JSON of `check --json`."""

    notebook: str
    task: TaskView
    proposed_criteria: tuple[Criterion, ...]
    warnings: tuple[TaskWarning, ...]
    check: CheckView
    two_sided_check: TwoSidedView
    problem: str
    """Why the reference was not judged; empty if it was."""


async def check(
    settings: Settings,
    notebooks: Sequence[str],
    judge: JudgeChoice,
    *,
    as_json: bool,
    confirm: bool = False,
    pass_rule: PassRule | None = None,
    edits_by: str | None = None,
) -> int:
    """Check every notebook. `edits_by`: also make the two-sided check, with missing edits proposed by this model; None:
    without it, "": by the judge. Returns 0 if all pass, 1 if one does not, 2 if one cannot be read."""
    stop_on_signals(lambda: signal.raise_signal(signal.SIGINT), (signal.SIGTERM,))  # same effect as Ctrl-C
    sources = list(read_sources(notebooks))
    opening = {"confirm": confirm, "pass_rule": pass_rule}
    async with open_runtime(settings) as runtime:
        await check_models(runtime, [Target(model=edits_by)] if edits_by else (), judge)
        editor = None if edits_by is None else edits_by or judge.model or runtime.catalog.default_judge

        def check_one(source: Source) -> Awaitable[int]:
            return _check_one(runtime, source, judge, opening, as_json=as_json, editor=editor)

        return await process_each(sources, check_one, as_json=as_json)


async def _check_one(
    runtime: Runtime,
    source: Source,
    judge: JudgeChoice,
    opening: dict[str, Any],
    *,
    as_json: bool,
    editor: str | None,
) -> int:
    session = await open_source(runtime, source, **opening)
    problem = ""
    try:
        await runtime.service.start_check(session.session_id, CheckOrder(judge=judge))
        session = await wait_until(runtime, session.session_id, lambda s: s.check.finished_at is not None)
        if editor is not None:
            session = await check_two_sided(runtime, session.session_id, judge, editor)
    except BadTask as error:
        problem = error.message
    with to_stdout():
        _report(source.name, session, problem, as_json=as_json, two_sided=editor is not None)
    statuses = {session.check.status} | ({session.two_sided_check.status} if editor is not None else set())
    return 0 if statuses == {CheckStatus.PASSED} else 1


def _report(name: str, session: Session, problem: str, *, as_json: bool, two_sided: bool) -> None:
    if as_json:
        shown: CheckReport = {
            "notebook": name,
            "task": task_view(session.task),
            "proposed_criteria": session.proposed_criteria,
            "warnings": session.warnings,
            "check": check_view(session.check, session.task),
            "two_sided_check": two_sided_view(session.two_sided_check, session.task),
            "problem": problem,
        }
        write_json(shown)
    else:
        _print(name, session, problem)
        if two_sided and not problem:
            print_two_sided(StdoutConsole(), session)


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
    by = f", {judged_by(session.check.judge_model)}" if session.check.judge_model else ""
    console.print(f"  reference check: {session.check.status}{escape(by + error)}", soft_wrap=True)


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
