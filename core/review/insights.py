"""Insights into criteria from the verdicts so far: constant ones, ones that always agree, and ones that flip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from core.domain.hunt import Hunt
from core.domain.review import GIVEN
from core.domain.session import Session
from core.domain.verdict import Verdict
from core.review.duplicates import near_duplicates
from core.review.upstreams import SameBreak, same_breaks

MIN_VERDICTS = 4
"""Minimum number of verdicts for a statement about a criterion."""


Note = Literal["always passes", "always fails", ""]


@dataclass(frozen=True)
class CriterionInsight:
    criterion_id: str
    decided: int
    passed: int
    note: Note


@dataclass(frozen=True)
class Insights:
    """Statistics of the criteria over the verdicts so far. While sealed: duplicates only."""

    criteria: tuple[CriterionInsight, ...] = ()
    together: tuple[tuple[str, str], ...] = ()
    """Pairs of criteria with equal verdicts on every hunt, and both PASS and FAIL among them."""
    flipped: tuple[str, ...] = ()
    """Criteria whose verdict changed when a reply was rejudged, or in the reference check."""
    duplicates: tuple[tuple[str, str], ...] = ()
    """Pairs of hunts with nearly identical replies."""
    same_breaks: tuple[SameBreak, ...] = ()
    """Breaks that came from several upstreams of their target."""


def insights(session: Session, hunts: Sequence[Hunt]) -> Insights:
    """Compute insights from the current turn's hunts, for criteria whose text is unchanged.

    While verdicts are sealed, only duplicates are included.
    """
    mine = [h for h in hunts if h.turn == session.turn and h.reply is not None and not h.trial]
    duplicates = tuple(near_duplicates({h.hunt_id: h.reply.text for h in mine if h.reply is not None}))
    if session.sealed:
        return Insights(duplicates=duplicates)
    said = _answers(session, mine)
    return Insights(
        criteria=tuple(_insight(i, a.given.bit_count(), a.passed.bit_count()) for i, a in said.items()),
        together=tuple((a, b) for a, b in combinations(said, 2) if _fall_together(said[a], said[b])),
        flipped=_flipped(session, hunts),
        duplicates=duplicates,
        same_breaks=same_breaks(mine),
    )


def _insight(criterion_id: str, decided: int, passed: int) -> CriterionInsight:
    note: Note = ""
    if decided >= MIN_VERDICTS and passed in {0, decided}:
        note = "always passes" if passed else "always fails"
    return CriterionInsight(criterion_id, decided, passed, note)


@dataclass
class _Answers:
    """Answers on one criterion; each hunt is one bit."""

    given: int = 0
    passed: int = 0


def _answers(session: Session, hunts: Sequence[Hunt]) -> dict[str, _Answers]:
    """Collect PASS and FAIL per criterion of the task, from runs that had the criterion with the same text."""
    current = set(session.task.criteria)
    same = {run.run_id: {c.id for c in run.task.criteria if c in current} for run in session.runs}
    said = {c.id: _Answers() for c in session.task.criteria}
    for place, hunt in enumerate(hunts):
        for verdict in hunt.verdicts:
            if verdict.verdict in GIVEN and verdict.criterion_id in same.get(hunt.run_id, ()):
                answers = said[verdict.criterion_id]
                answers.given |= 1 << place
                if verdict.verdict is Verdict.PASS:
                    answers.passed |= 1 << place
    return said


def _fall_together(one: _Answers, other: _Answers) -> bool:
    both = one.given & other.given
    same = not (one.passed ^ other.passed) & both
    return both.bit_count() >= MIN_VERDICTS and same and 0 != one.passed & both != both


def _flipped(session: Session, hunts: Sequence[Hunt]) -> tuple[str, ...]:
    """Return criteria whose answer changed when a reply was rejudged, or in the reference check."""
    changed = {criterion for criterion, times in session.check.flips if times}
    for hunt in hunts:
        if session.run(hunt.run_id).turn == session.turn:
            changed |= _changed_answers(hunt)
    return tuple(c.id for c in session.task.criteria if c.id in changed)


def _changed_answers(hunt: Hunt) -> set[str]:
    last: dict[str, Verdict] = {}
    changed: set[str] = set()
    for verdict in (*(v for earlier in hunt.judged for v in earlier.verdicts), *hunt.verdicts):
        if verdict.verdict in GIVEN:
            before = last.setdefault(verdict.criterion_id, verdict.verdict)
            changed |= {verdict.criterion_id} if before is not verdict.verdict else set()
    return changed
