"""How far two people agree on the same replies, criterion by criterion. Only when both are done (decision record
0108)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.review import review_problems
from core.domain.review_differences import VerdictPair, verdict_pairs
from core.domain.second_review import SecondReview
from core.domain.session import Session
from core.statistics.agreement import krippendorff_alpha


@dataclass(frozen=True)
class PeopleAgreement:
    """The agreement of two people on one criterion, or on all."""

    criterion_id: str
    """"" for all criteria."""
    replies: int
    """Verdicts that both gave."""
    agree: int
    alpha: float | None
    """Krippendorff's alpha: 1 is perfect agreement, 0 is what chance gives. null if both always gave the same verdict,
    which says nothing about chance."""


def unfinished_second_reviews(session: Session, second: SecondReview) -> int:
    """Return the number of hunts that the second reviewer has not reviewed completely."""
    return sum(
        bool(review_problems(second.review(hunt_id), session.run(_run_of(hunt_id)).task)) for hunt_id in second.hunt_ids
    )


def people_agreement(session: Session) -> tuple[PeopleAgreement, ...]:
    """Return the agreement on all criteria, then on each, those with the most differences first."""
    pairs = verdict_pairs(session)
    if not pairs:
        return ()
    by_criterion = dict.fromkeys(pair.criterion.id for pair in pairs)
    rows = [_agreement(name, [pair for pair in pairs if pair.criterion.id == name]) for name in by_criterion]
    return (_agreement("", pairs), *sorted(rows, key=lambda row: row.agree - row.replies))


def _agreement(name: str, pairs: Sequence[VerdictPair]) -> PeopleAgreement:
    words = [(pair.first, pair.second) for pair in pairs]
    return PeopleAgreement(
        criterion_id=name,
        replies=len(words),
        agree=sum(first is second for first, second in words),
        alpha=krippendorff_alpha(words),
    )


def _run_of(hunt_id: str) -> str:
    return hunt_id.rpartition(".")[0]
