"""Breaks that a person's review refutes. Not while verdicts are sealed: it would link the review's card to its hunt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.domain.confirmation import Confirmation
from core.domain.hunt import Hunt
from core.domain.review import human_outcome, review_problems
from core.domain.run import Counts
from core.domain.session import Session
from core.domain.verdict import Outcome


def is_refuted(session: Session, hunt: Hunt) -> bool:
    """Whether the hunt is a break on the desk whose finished review says that the reply held."""
    if session.sealed or hunt.outcome is not Outcome.BROKE or hunt.hunt_id not in session.desk_ids:
        return False
    review, task = session.final_review(hunt.hunt_id), session.run(hunt.run_id).task
    return review is not None and not review_problems(review, task) and human_outcome(review, task) is Outcome.HELD


def with_refuted(session: Session, counts: Mapping[str, Counts], on_desk: Iterable[Hunt]) -> Mapping[str, Counts]:
    """Return the counts by run with refuted breaks among the hunts on the desk. They no longer count as confirmed or
    contested."""
    changed = dict(counts)
    for hunt in on_desk:
        if is_refuted(session, hunt):
            now = changed[hunt.run_id]
            confirmed = hunt.confirmation is Confirmation.CONFIRMED
            changed[hunt.run_id] = now.model_copy(
                update={
                    "refuted": now.refuted + 1,
                    "confirmed": now.confirmed - confirmed,
                    "adaptive_confirmed": now.adaptive_confirmed - (confirmed and hunt.share == "adaptive"),
                    "contested": now.contested - (hunt.confirmation is Confirmation.CONTESTED),
                }
            )
    return changed
