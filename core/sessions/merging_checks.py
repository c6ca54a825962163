"""Three-way merge of a two-sided check or a robustness report that two processes changed without Redis: one works on it
while a person stops it, or writes edits, at another. Pure.

What was paid for and what a person wrote stay, and a check that one side ended has ended.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.checks import CheckStatus, EditProposals, ReportStatus, RobustnessReport, TwoSidedCheck, ViolatingEdit
from core.domain.verdict import CriterionVerdict

_STAGES = {ReportStatus.RUNNING: 0, ReportStatus.ERROR: 1, ReportStatus.DONE: 2}
_OPEN = "-"


def merged_report(before: RobustnessReport, newer: RobustnessReport, older: RobustnessReport) -> RobustnessReport:
    """`before`: the common ancestor. Of two different reports the newer session's stays."""
    if newer.started_at != older.started_at or len(newer.twins) != len(older.twins):
        return newer
    known = before if before.started_at == newer.started_at else RobustnessReport()
    further = max(newer, older, key=lambda report: _STAGES.get(report.status, 0))  # the newer one if equal
    twins = tuple(
        one.model_copy(update={"verdicts": _merged_letters(one.verdicts, other.verdicts)})
        for one, other in zip(newer.twins, older.twins, strict=True)
    )
    return further.model_copy(
        update={
            "twins": twins,
            "calls": newer.calls + older.calls - known.calls,
            "cost_usd": newer.cost_usd + older.cost_usd - known.cost_usd,
            "unknown_costs": newer.unknown_costs + older.unknown_costs - known.unknown_costs,
        }
    )


def _merged_letters(mine: str, other: str) -> str:
    return "".join(b if a == _OPEN else a for a, b in zip(mine, other, strict=False))


def merged_check(before: TwoSidedCheck, newer: TwoSidedCheck, older: TwoSidedCheck) -> TwoSidedCheck:
    """`before`: the common ancestor. Of two different checks the newer session's stays, with the edits of both."""
    same = newer.started_at == older.started_at
    ended = older if same and newer.status is CheckStatus.RUNNING else newer
    edits = tuple(
        edit
        for criterion_id in sorted({one.criterion_id for one in (*newer.edits, *older.edits)}, key=_number)
        if (edit := _merged_edit(before, newer, older, criterion_id, same=same)) is not None
    )
    complete = ended.status is not CheckStatus.PASSED or edits == ended.edits
    return ended.model_copy(
        update={
            "status": ended.status if complete else CheckStatus.UNDETERMINED,
            "reference": _merged_verdicts(newer.reference, older.reference) if same else newer.reference,
            "edits": edits,
            "proposals": _merged_proposals(before.proposals, newer.proposals, older.proposals),
        }
    )


def _merged_edit(
    before: TwoSidedCheck, newer: TwoSidedCheck, older: TwoSidedCheck, criterion_id: str, *, same: bool
) -> ViolatingEdit | None:
    known, mine, other = (check.edit(criterion_id) for check in (before, newer, older))
    if mine == known or other == known:
        return mine if other == known else other
    if mine is None or other is None:
        return mine
    if mine.text != other.text:
        return other if known is not None and mine.text == known.text else mine
    return mine.model_copy(update={"verdicts": _merged_verdicts(mine.verdicts, other.verdicts)}) if same else mine


def _merged_verdicts(
    mine: Iterable[CriterionVerdict], other: Iterable[CriterionVerdict]
) -> tuple[CriterionVerdict, ...]:
    every = {one.criterion_id: one for one in other} | {one.criterion_id: one for one in mine}
    return tuple(every[criterion_id] for criterion_id in sorted(every, key=_number))


def _merged_proposals(before: EditProposals, newer: EditProposals, older: EditProposals) -> EditProposals:
    if newer == before or older == before:
        return newer if older == before else older
    if newer.started_at != older.started_at:
        return newer
    ended = newer if older.running else older
    return ended.model_copy(update={"asked": tuple(one for one in newer.asked if one in older.asked)})


def _number(criterion_id: str) -> int:
    return int(criterion_id[1:])
