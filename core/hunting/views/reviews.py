"""The JSON of selection, reviews, agreement and the review desk.

Before reveal in a blind session, a review is identified only by its card (decision record 0044).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, NotRequired

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from core.domain.chat import Message
from core.domain.criteria import Criterion
from core.domain.hunt import Hunt
from core.domain.review import GIVEN, Review, human_outcome, review_problems, word_count
from core.domain.second_review import SecondReview
from core.domain.session import Session
from core.domain.task import Task
from core.domain.verdict import Outcome, Verdict, score
from core.review.agreement import Agreement, Reviewed, agreement
from core.review.comparison import OutcomeComparison, compare_outcomes
from core.review.reveal import reveal_problems
from core.review.review_cards import card_id, desk_order, selected_of
from core.review.selection import selection_problems


class SelectionView(TypedDict):
    hunt_ids: tuple[str, ...]
    slots: int
    least_breaks: int
    complete: bool
    problems: tuple[str, ...]


Given = Annotated[Verdict, WithJsonSchema({"type": "string", "enum": sorted(GIVEN, reverse=True)})]


class ReviewView(TypedDict):
    hunt_id: NotRequired[str]
    """Omitted while the verdicts are sealed."""
    card_id: NotRequired[str]
    """While sealed, omitted from the response to a selection, and from the snapshot if one hunt is selected; see the
    desk."""
    verdicts: Mapping[str, Given]
    explanation: str
    words: int
    complete: bool
    problems: tuple[str, ...]
    score: int | None
    saved_at: datetime


class AuditView(TypedDict):
    cards: int
    """Drawn hunts on the desk; fewer than the setting where fewer hunts held."""
    seed: NotRequired[str]
    """Omitted while the verdicts are sealed, as is `hunt_ids`. The draw takes the held hunts in the order of the
    SHA-256 of the seed, a space and the hunt's ID."""
    hunt_ids: NotRequired[tuple[str, ...]]
    """All hunts drawn so far."""


class ReviewParts(TypedDict):
    """The snapshot's fields about selection and review."""

    selection: SelectionView
    audit: AuditView
    reviews: list[ReviewView]
    """Reviews of the hunts on the desk, including drafts, in the desk's order."""
    can_reveal: bool
    reveal_problems: tuple[str, ...]
    agreement: Agreement | None
    """After reveal."""
    comparison: OutcomeComparison
    """Of the selection."""


class CardView(TypedDict):
    card_id: str
    """Does not reveal the hunt."""
    response: str
    cut_off: bool
    """The reply stopped at an output limit."""
    criteria: tuple[Criterion, ...]
    """The criteria of this reply's task."""
    review: ReviewView | None
    hunt_id: NotRequired[str]
    """This and the following fields are omitted while the verdicts are sealed."""
    number: NotRequired[int]
    model: NotRequired[str]
    label: NotRequired[str]
    """The name of the model with its parameters."""
    outcome: NotRequired[Outcome | None]
    audit: NotRequired[bool]
    """The hunt was drawn at random and fills no slot."""


class DeskTask(TypedDict):
    name: str
    """The task's name."""
    criteria: tuple[Criterion, ...]
    prompt: str
    response: str
    history: tuple[Message, ...]
    """Earlier turns."""
    sealed: bool


class DeskView(DeskTask):
    cards: list[CardView]


def review_parts(session: Session, on_desk: Sequence[Hunt]) -> ReviewParts:
    """`on_desk`: the hunts to review, the selected ones in slot order."""
    selected = selected_of(session, on_desk)
    problems = selection_problems(session.selection, selected)
    cannot = reveal_problems(session, on_desk)
    return {
        "selection": {
            "hunt_ids": session.selection.hunt_ids,
            "slots": session.selection.slots,
            "least_breaks": session.selection.least_breaks,
            "complete": not problems,
            "problems": problems,
        },
        "audit": _audit_view(session),
        "reviews": reviews_view(session, on_desk),
        "can_reveal": session.revealed_at is None and not cannot,
        "reveal_problems": cannot if session.revealed_at is None else (),
        "agreement": _agreement(session, on_desk) if session.revealed_at is not None else None,
        "comparison": compare_outcomes(session, selected, on_desk),
    }


def _audit_view(session: Session) -> AuditView:
    view: AuditView = {"cards": len(session.audited_ids)}
    return view if session.sealed else {**view, "seed": session.audit.seed, "hunt_ids": session.audit.drawn}


def reviews_view(session: Session, on_desk: Sequence[Hunt]) -> list[ReviewView]:
    """Return the reviews of the desk, including drafts, in card order. A sealed selection of one hunt omits the card
    ID: the snapshot names the hunt, and no response may link a card to a hunt."""
    by_id = {hunt.hunt_id: hunt for hunt in on_desk}
    found = ((by_id[i], session.review(i)) for i in desk_order(session) if i in by_id)
    shown = [review_view(session, review, session.run(hunt.run_id).task) for hunt, review in found if review]
    return without_cards(shown) if session.sealed and len(session.selection.hunt_ids) == 1 else shown


def without_cards(reviews: Sequence[ReviewView]) -> list[ReviewView]:
    shown = [review.copy() for review in reviews]
    for review in shown:
        review.pop("card_id", None)
    return shown


def review_view(session: Session, review: Review, task: Task, *, blind: bool = False) -> ReviewView:
    """`blind`: never name the hunt, for the second reviewer."""
    problems = review_problems(review, task)
    outcome = human_outcome(review, task)
    view: ReviewView = {
        "card_id": card_id(session, review.hunt_id),
        "verdicts": review.by_criterion,
        "explanation": review.explanation,
        "words": word_count(review.explanation),
        "complete": not problems,
        "problems": problems,
        "score": None if outcome is None else score(outcome),
        "saved_at": review.saved_at,
    }
    return view if session.sealed or blind else {"hunt_id": review.hunt_id, **view}


def desk_view(session: Session, on_desk: Sequence[Hunt]) -> DeskView:
    """Return the review desk: the selected and the drawn replies in card order, and the criteria to review them by."""
    by_id = {hunt.hunt_id: hunt for hunt in on_desk}
    return {
        "cards": [_card_view(session, by_id[i]) for i in desk_order(session) if i in by_id],
        "name": session.name,
        "criteria": session.task.criteria,
        "prompt": session.task.prompt,
        "response": session.task.response,
        "history": session.history(session.turn),
        "sealed": session.sealed,
    }


def second_desk_view(session: Session, second: SecondReview, hunts: Sequence[Hunt]) -> DeskView:
    """Return the second reviewer's desk: always blind, with the task that the replies were made for, and their own
    reviews."""
    ordered = sorted(hunts, key=lambda hunt: card_id(session, hunt.hunt_id))
    run = session.run(hunts[0].run_id)
    return {
        "cards": [_blind_card(session, hunt, second.review(hunt.hunt_id), blind=True) for hunt in ordered],
        "name": session.name,
        "criteria": run.task.criteria,
        "prompt": run.task.prompt,
        "response": run.task.response,
        "history": session.history(run.turn),
        "sealed": True,
    }


def _blind_card(session: Session, hunt: Hunt, review: Review | None, *, blind: bool) -> CardView:
    task = session.run(hunt.run_id).task
    return {
        "card_id": card_id(session, hunt.hunt_id),
        "response": hunt.reply.text if hunt.reply else "",
        "cut_off": hunt.cut_off,
        "criteria": task.criteria,
        "review": review_view(session, review, task, blind=blind) if review else None,
    }


def _card_view(session: Session, hunt: Hunt) -> CardView:
    """Return a card. Model and outcome of the reply are included only if the session is not sealed."""
    card = _blind_card(session, hunt, session.review(hunt.hunt_id), blind=False)
    if session.sealed:
        return card
    return {
        **card,
        "hunt_id": hunt.hunt_id,
        "number": hunt.number,
        "model": hunt.model,
        "label": hunt.label or hunt.model,
        "outcome": hunt.outcome,
        "audit": hunt.hunt_id in session.audited_ids,
    }


def _agreement(session: Session, on_desk: Sequence[Hunt]) -> Agreement:
    found = ((hunt, session.final_review(hunt.hunt_id)) for hunt in on_desk)
    return agreement([Reviewed(hunt, review, session.run(hunt.run_id).task) for hunt, review in found if review])
