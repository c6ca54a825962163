"""The JSON of settings, selection, reviews, agreement, the review desk and insights.

Before reveal in a blind session, a review is identified only by its card (decision record 0044).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.domain.hunt import Hunt
from core.domain.review import Review, human_outcome, review_problems, word_count
from core.domain.session import Session
from core.domain.task import Task
from core.domain.verdict import score
from core.review.agreement import Agreement, Reviewed, Tally, agreement
from core.review.comparison import OutcomeComparison, compare_outcomes
from core.review.desk import card_id, desk_order
from core.review.insights import Insights
from core.review.reveal import reveal_problems
from core.review.selection import selection_problems

JsonObject = dict[str, Any]


def settings_view(session: Session) -> JsonObject:
    return {
        "visibility": session.visibility,
        "require_check": session.require_check,
        "judge_cut_replies": session.judge_cut_replies,
        "slots": session.selection.slots,
        "least_breaks": session.selection.least_breaks,
        "fixed": session.hunted,
    }


def review_parts(session: Session, selected: Sequence[Hunt]) -> JsonObject:
    """Return the snapshot's fields about selection and review. `selected`: the selected hunts, in slot order."""
    problems = selection_problems(session.selection, selected)
    cannot = reveal_problems(session, selected)
    return {
        "selection": {**session.selection.model_dump(), "complete": not problems, "problems": problems},
        "reviews": reviews_view(session, selected),
        "can_reveal": session.revealed_at is None and not cannot,
        "reveal_problems": cannot if session.revealed_at is None else (),
        "agreement": agreement_view(session, selected) if session.revealed_at is not None else None,
        "comparison": comparison_view(compare_outcomes(session, selected)),
    }


def reviews_view(session: Session, selected: Sequence[Hunt]) -> list[JsonObject]:
    """Return the reviews of the selected hunts, including drafts, in card order. A sealed selection of one hunt omits
    the card ID: the snapshot names the hunt, and no response may link a card to a hunt."""
    by_id = {hunt.hunt_id: hunt for hunt in selected}
    found = ((by_id[i], session.review(i)) for i in desk_order(session) if i in by_id)
    shown = [review_view(session, review, session.run(hunt.run_id).task) for hunt, review in found if review]
    return without_cards(shown) if session.sealed and len(selected) == 1 else shown


def without_cards(reviews: Sequence[JsonObject]) -> list[JsonObject]:
    return [{name: value for name, value in review.items() if name != "card_id"} for review in reviews]


def review_view(session: Session, review: Review, task: Task) -> JsonObject:
    problems = review_problems(review, task)
    outcome = human_outcome(review, task)
    return {
        **({} if session.sealed else {"hunt_id": review.hunt_id}),
        "card_id": card_id(session, review.hunt_id),
        "verdicts": review.by_criterion,
        "explanation": review.explanation,
        "words": word_count(review.explanation),
        "complete": not problems,
        "problems": problems,
        "score": None if outcome is None else score(outcome),
        "saved_at": review.saved_at,
    }


def desk_view(session: Session, selected: Sequence[Hunt]) -> JsonObject:
    """Return the review desk: the selected replies in card order, and the criteria to review them by."""
    by_id = {hunt.hunt_id: hunt for hunt in selected}
    return {
        "cards": [_card_view(session, by_id[i]) for i in desk_order(session) if i in by_id],
        "criteria": _criteria(session.task),
        "prompt": session.task.prompt,
        "response": session.task.response,
        "history": [message.model_dump() for message in session.history(session.turn)],
        "sealed": session.sealed,
    }


def _card_view(session: Session, hunt: Hunt) -> JsonObject:
    """Return a card. Model and outcome of the reply are included only if the session is not sealed."""
    review, task = session.review(hunt.hunt_id), session.run(hunt.run_id).task
    known = {"hunt_id": hunt.hunt_id, "number": hunt.number, "model": hunt.model, "outcome": hunt.outcome}
    return {
        "card_id": card_id(session, hunt.hunt_id),
        "response": hunt.reply.text if hunt.reply else "",
        "cut_off": hunt.cut_off,
        "criteria": _criteria(task),
        "review": review_view(session, review, task) if review else None,
        **({} if session.sealed else known),
    }


def _criteria(task: Task) -> list[JsonObject]:
    return [{"id": c.id, "text": c.text} for c in task.criteria]


def agreement_view(session: Session, selected: Sequence[Hunt]) -> JsonObject:
    reviewed = [
        Reviewed(hunt, review, session.run(hunt.run_id).task)
        for hunt in selected
        if (review := session.review(hunt.hunt_id)) is not None
    ]
    found: Agreement = agreement(reviewed)
    return {
        "criteria": [{"criterion_id": i, **_tally(tally)} for i, tally in found.criteria],
        **_tally(found.total),
        "hunts": [
            {
                "hunt_id": one.hunt.hunt_id,
                "human_score": one.human_score,
                "judge_score": one.judge_score,
                "disagreements": one.disagreements,
            }
            for one in found.hunts
        ],
    }


def comparison_view(found: OutcomeComparison) -> JsonObject:
    return {
        "hunts": found.hunts,
        "reviewed": found.reviewed,
        "judge_breaks": found.judge_breaks,
        "reviewer_breaks": found.reviewer_breaks,
        "differ": found.differ,
        "differing": found.differing,
        "words": found.words,
        "question": found.question,
    }


def _tally(tally: Tally) -> JsonObject:
    return {"agree": tally.agree, "disagree": tally.disagree, "unclear": tally.unclear}


def insights_view(found: Insights) -> Mapping[str, Any]:
    return {
        "criteria": [
            {"criterion_id": c.criterion_id, "decided": c.decided, "passed": c.passed, "note": c.note}
            for c in found.criteria
        ],
        "together": found.together,
        "flipped": found.flipped,
        "duplicates": found.duplicates,
    }
