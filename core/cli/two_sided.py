"""`check --two-sided`: edits of the reference response that violate one criterion each, their verdicts as a matrix, and
what these say."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from core.cli.opening import judged_by, wait_until
from core.cli.output import say
from core.domain.checks import CheckStatus, TwoSidedCheck
from core.domain.session import Session
from core.domain.verdict import Verdict
from core.errors import BadInput
from core.hunting.orders import CheckOrder, JudgeChoice, ProposeEditsOrder
from core.review.two_sided import by_criterion, findings_of
from core.runtime import Runtime

SIGNS = {Verdict.PASS: "P", Verdict.FAIL: "F", Verdict.UNDETERMINED: "?"}
LEGEND = "P passed, F failed, ? undetermined, - not judged, ! not as expected"


async def check_two_sided(runtime: Runtime, sid: str, judge: JudgeChoice, edits_by: str) -> Session:
    """Have the missing edits proposed by the model `edits_by`, then all edits judged."""
    try:
        await runtime.two_sided.propose(sid, ProposeEditsOrder(model=edits_by))
    except BadInput as error:
        if error.code != "nothing_to_propose":  # the notebook's record has all edits
            raise
    session = await wait_until(runtime, sid, _has_ended)
    if (error_text := session.two_sided_check.proposals.error) != "":
        say(f"Edits: {error_text}")
    await runtime.two_sided.start(sid, CheckOrder(judge=judge))
    return await wait_until(runtime, sid, _has_ended)


def _has_ended(session: Session) -> bool:
    """Whether no model and no judge is asked."""
    check = session.two_sided_check
    return not check.proposals.running and check.status is not CheckStatus.RUNNING


def print_two_sided(console: Console, session: Session) -> None:
    check, task = session.two_sided_check, session.task
    ids = [criterion.id for criterion in task.criteria]
    for edit in check.edits:
        if edit.problem:
            console.print(f"  {edit.criterion_id} edit: {escape(edit.problem)}", soft_wrap=True)
    if check.reference:
        _print_matrix(console, check, ids)
    for finding in findings_of(check, task):
        console.print(f"  {escape(finding.words)}", soft_wrap=True)
    by = f", {judged_by(check.judge_model)}" if check.judge_model else ""
    error = f". {check.error}" if check.error else ""
    console.print(f"  two-sided check: {check.status}{escape(by + error)}", soft_wrap=True)


def _print_matrix(console: Console, check: TwoSidedCheck, ids: list[str]) -> None:
    """One line per edit. A cell is as expected if the violated criterion failed, and any other verdict is that of the
    reference response."""
    reference = by_criterion(check.reference)
    head, width = len("reference"), max(map(len, ids)) + 1
    rows = {"reference": (reference, dict.fromkeys(ids, Verdict.PASS))}
    for edit in check.edits:
        if edit.verdicts:
            expected = {i: reference.get(i, Verdict.PASS) for i in ids} | {edit.criterion_id: Verdict.FAIL}
            rows[edit.criterion_id] = by_criterion(edit.verdicts), expected
    console.print(f"  {'edit of':{head}}" + "".join(f"{i:>{width}} " for i in ids), soft_wrap=True)
    for name, (verdicts, expected) in rows.items():
        cells = "".join(f"{_cell(verdicts.get(i), expected[i]):>{width + 1}}" for i in ids)
        console.print(f"  {name:{head}}{cells}", soft_wrap=True)
    console.print(f"  {LEGEND}", soft_wrap=True)


def _cell(verdict: Verdict | None, expected: Verdict) -> str:
    if verdict is None:
        return "- "
    return SIGNS.get(verdict, "?") + (" " if verdict is expected else "!")
