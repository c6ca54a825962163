"""Conditions for the reveal, shared by the page's button and the request."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.hunt import Hunt
from core.domain.review import review_problems
from core.domain.session import Session
from core.review.selection import selection_problems


def reveal_problems(session: Session, selected: Sequence[Hunt]) -> tuple[str, ...]:
    """Return what is still missing, one sentence each. `selected`: the selected hunts, in slot order.

    Reviews are mentioned without hunt numbers: before reveal nothing may link a card to a hunt.
    """
    problems = list(selection_problems(session.selection, selected))
    open_ = unfinished_reviews(session, selected)
    if open_:
        problems.append(f"{open_} of {len(selected)} reviews {'is' if open_ == 1 else 'are'} unfinished.")
    if any(not run.trial for run in session.active_runs):
        problems.append("A run is still active.")
    return tuple(problems)


def unfinished_reviews(session: Session, selected: Sequence[Hunt]) -> int:
    """Return the number of selected hunts without a complete review."""
    return sum(bool(review_problems(session.review(h.hunt_id), session.run(h.run_id).task)) for h in selected)
