"""What the verdicts on violating edits say about the criteria. Pure.

Each edit of the reference response violates one criterion. Exactly that criterion should flip: it passes on the
unedited reference and fails on its edit, and all others pass on both. Every cell that differs from that is in exactly
one finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from core.domain.checks import CheckStatus, TwoSidedCheck
from core.domain.task import Task
from core.domain.verdict import CriterionVerdict, Verdict

FindingKind = Literal[
    "cannot_fail", "overlap", "also_failed", "contradiction", "reversed", "reference_fails", "undetermined", "untested"
]
GAPS: frozenset[FindingKind] = frozenset({"undetermined", "untested"})
"""What could not be found out; every other kind is a fault of a criterion or of an edit."""
MAX_SINGLE_PAIRS = 10
"""Of one kind and one violated criterion. More are one finding that names them all."""
Verdicts = Mapping[str, Verdict]
"""By criterion ID; a missing one is undetermined."""


@dataclass(frozen=True)
class CriterionFinding:
    kind: FindingKind
    criterion_ids: tuple[str, ...]
    """The criteria that it is about; where an edit is part of it, the violated one comes last."""
    words: str


def criterion_findings(
    ids: Sequence[str], reference: Verdicts, edits: Mapping[str, Verdicts]
) -> tuple[CriterionFinding, ...]:
    """Compare the verdicts on each edit (by the criterion that it violates) with those on the unedited reference
    response. `ids`: the task's criteria, in order."""
    matrix = _Matrix(tuple(ids), reference, {one: edits[one] for one in ids if one in edits})
    return (*matrix.faults_of_criteria(), *matrix.faults_of_pairs(), *matrix.gaps())


def findings_of(check: TwoSidedCheck, task: Task) -> tuple[CriterionFinding, ...]:
    """The findings of a check of this task; none for a stale one."""
    if check.status is CheckStatus.NONE or check.stale_for(task):
        return ()
    judged = {one.criterion_id: by_criterion(one.verdicts) for one in check.edits if one.judged and one.verdicts}
    return criterion_findings([c.id for c in task.criteria], by_criterion(check.reference), judged)


def status_of(findings: Sequence[CriterionFinding]) -> CheckStatus:
    kinds = {finding.kind for finding in findings}
    if kinds - GAPS:
        return CheckStatus.FAILED
    return CheckStatus.UNDETERMINED if kinds else CheckStatus.PASSED


def by_criterion(verdicts: Sequence[CriterionVerdict]) -> dict[str, Verdict]:
    return {one.criterion_id: one.verdict for one in verdicts}


@dataclass(frozen=True)
class _Matrix:
    ids: tuple[str, ...]
    reference: Verdicts
    edits: Mapping[str, Verdicts]

    def _before(self, criterion: str) -> Verdict:
        return self.reference.get(criterion, Verdict.UNDETERMINED)

    @cached_property
    def _failed(self) -> dict[str, frozenset[str]]:
        """By violated criterion, those that pass on the unedited reference and fail on its edit."""
        return self._flipped(Verdict.PASS, Verdict.FAIL)

    @cached_property
    def _contradicted(self) -> dict[str, frozenset[str]]:
        """By violated criterion, those that fail on the unedited reference and pass on its edit."""
        return self._flipped(Verdict.FAIL, Verdict.PASS)

    def _flipped(self, before: Verdict, after: Verdict) -> dict[str, frozenset[str]]:
        could = [one for one in self.ids if self._before(one) is before]
        return {
            violated: frozenset(one for one in could if row.get(one) is after) for violated, row in self.edits.items()
        }

    def faults_of_criteria(self) -> Iterator[CriterionFinding]:
        contradicted = frozenset[str]().union(*self._contradicted.values())
        for one in self.ids:
            own, before = self.edits.get(one, {}).get(one), self._before(one)
            if own is Verdict.PASS and before is not Verdict.FAIL:
                yield CriterionFinding(
                    "cannot_fail",
                    (one,),
                    f"{one} did not fail when it was violated. Reword it so that a wrong answer fails it, or correct "
                    "the edit if that does not violate it.",
                )
            if own is Verdict.PASS and before is Verdict.FAIL:
                yield CriterionFinding(
                    "reversed",
                    (one,),
                    f"{one} failed on the reference response and passed when it was violated. It may ask for the "
                    "opposite of what you mean.",
                )
            elif before is Verdict.FAIL and one not in contradicted:
                yield CriterionFinding(
                    "reference_fails",
                    (one,),
                    f"{one} failed although nothing was violated: the reference response does not meet it.",
                )

    def faults_of_pairs(self) -> Iterator[CriterionFinding]:
        """Of each criterion beside another one that was violated. Many of one kind are one finding: the page lists
        them, and a matrix of 100 criteria would have 10,000."""
        place = {one: at for at, one in enumerate(self.ids)}
        for violated in self.edits:
            found: dict[FindingKind, list[str]] = {}
            for one in self.ids:
                if one != violated and (kind := self._fault_of_pair(one, violated, place)):
                    found.setdefault(kind, []).append(one)
            for kind, ones in found.items():
                for group in [ones] if len(ones) > MAX_SINGLE_PAIRS else [[one] for one in ones]:
                    yield CriterionFinding(kind, (*group, violated), _words_of_pairs(kind, group, violated))

    def _fault_of_pair(self, one: str, violated: str, place: Mapping[str, int]) -> FindingKind | None:
        if one in self._failed[violated]:
            if violated not in self._failed.get(one, ()):
                return "also_failed"
            return "overlap" if place[one] < place[violated] else None
        return "contradiction" if one in self._contradicted[violated] else None

    def gaps(self) -> Iterator[CriterionFinding]:
        rows = {"on the unedited reference response": self.reference}
        rows |= {f"when {violated} was violated": self.edits[violated] for violated in self.edits}
        for where, row in rows.items():
            unclear = tuple(i for i in self.ids if row.get(i) not in (Verdict.PASS, Verdict.FAIL))
            if unclear:
                words = f"The judge gave no usable verdict on {_listed(unclear)} {where}. Check again."
                yield CriterionFinding("undetermined", unclear, words)
        untested = tuple(one for one in self.ids if one not in self.edits)
        if untested:
            were = "was" if len(untested) == 1 else "were"
            words = f"{_listed(untested)} {were} not tested: there is no judged edit."
            yield CriterionFinding("untested", untested, words)


def _words_of_pairs(kind: FindingKind, ones: Sequence[str], violated: str) -> str:
    """`ones`: criteria that are each in a pair with the violated one."""
    single, listed = len(ones) == 1, _listed(ones)
    if kind == "overlap":
        together = f"{listed} and {violated} failed together" if single else f"Each of {listed} failed with {violated}"
        return (
            f"{together}, whichever of them was violated. They may ask for the same thing, so that one mistake counts "
            "twice."
        )
    if kind == "also_failed":
        asks = f"{listed} asks" if single else "they ask"
        return (
            f"{listed} also failed when {violated} was violated. Either the edit changes too much, or {asks} for what "
            f"{violated} asks for."
        )
    contradict = (
        f"{listed} and {violated} contradict each other." if single else f"Each of them contradicts {violated}."
    )
    return f"{listed} failed on the reference response and passed when {violated} was violated. {contradict}"


def _listed(ids: Sequence[str]) -> str:
    return ids[0] if len(ids) == 1 else f"{', '.join(ids[:-1])} and {ids[-1]}"
