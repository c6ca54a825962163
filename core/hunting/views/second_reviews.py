"""The JSON of a second review: how far it is, and once both people are done how far they agree (decision record 0108).

Before both are done, nothing here depends on what either person reviewed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from typing_extensions import TypedDict

from core.domain.review_differences import differences, unsettled
from core.domain.second_review import SecondReview, SettledVerdict
from core.domain.session import Session
from core.hunting.views.reviews import Given
from core.review.review_cards import card_id
from core.review.second_review import PeopleAgreement, people_agreement


class SettledView(TypedDict):
    verdict: Given
    by: str
    note: str
    at: datetime


class DifferenceView(TypedDict):
    """A criterion of one reply on which the two people differ."""

    card_id: str
    criterion_id: str
    criterion: str
    first: Given
    """The verdict of the first reviewer."""
    second: Given
    first_explanation: str
    second_explanation: str
    settled: SettledView | None


class SecondReviewView(TypedDict):
    """A second review, for the session's owner and for the second reviewer."""

    reviewer: str
    """"" if an export brought it along."""
    asked_by: str
    asked_at: datetime
    cards: int
    """Replies to review."""
    done: bool
    """The second reviewer is done."""
    both_done: bool
    """The first reviewer is done, too, with the reveal. The following fields are empty before."""
    agreement: tuple[PeopleAgreement, ...]
    """On all criteria, then on each, those with the most differences first."""
    differences: list[DifferenceView]
    unsettled: int


class SecondReviewState(TypedDict):
    """The second review in the snapshot: without the reviews."""

    reviewer: str
    asked_by: str
    asked_at: datetime
    cards: int
    done: bool
    both_done: bool
    differences: int
    """0 before both are done."""
    unsettled: int


def second_review_state(session: Session) -> SecondReviewState | None:
    second = session.second_review
    if second is None:
        return None
    return {
        "reviewer": second.reviewer,
        "asked_by": second.asked_by,
        "asked_at": second.asked_at,
        "cards": len(second.hunt_ids),
        "done": second.done_at is not None,
        "both_done": session.both_reviewed,
        "differences": len(differences(session)),
        "unsettled": unsettled(session),
    }


def second_review_view(session: Session, second: SecondReview) -> SecondReviewView:
    return {
        "reviewer": second.reviewer,
        "asked_by": second.asked_by,
        "asked_at": second.asked_at,
        "cards": len(second.hunt_ids),
        "done": second.done_at is not None,
        "both_done": session.both_reviewed,
        "agreement": people_agreement(session),
        "differences": _differences(session, second),
        "unsettled": unsettled(session),
    }


def _differences(session: Session, second: SecondReview) -> list[DifferenceView]:
    """In the order of the cards."""
    settled = {(one.hunt_id, one.criterion_id): one for one in second.settled}
    first = {review.hunt_id: review.explanation for review in session.reviews}
    other = {review.hunt_id: review.explanation for review in second.reviews}
    rows: list[DifferenceView] = [
        {
            "card_id": card_id(session, hunt_id),
            "criterion_id": criterion.id,
            "criterion": criterion.text,
            "first": mine,
            "second": theirs,
            "first_explanation": first.get(hunt_id, ""),
            "second_explanation": other.get(hunt_id, ""),
            "settled": _settled(settled, hunt_id, criterion.id),
        }
        for hunt_id, criterion, mine, theirs in differences(session)
    ]
    return sorted(rows, key=lambda row: row["card_id"])


def _settled(settled: Mapping[tuple[str, str], SettledVerdict], hunt_id: str, criterion_id: str) -> SettledView | None:
    found = settled.get((hunt_id, criterion_id))
    return None if found is None else {"verdict": found.verdict, "by": found.by, "note": found.note, "at": found.at}
