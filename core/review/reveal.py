"""When the judge's verdicts may be shown: one place says what is missing, for the page's button and for the request."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.hunt import Hunt
from core.domain.review import review_problems
from core.domain.session import Session
from core.review.selection import selection_problems


def reveal_problems(session: Session, selected: Sequence[Hunt]) -> tuple[str, ...]:
    """What is still missing, one sentence each. `selected`: the hunts of the selection, in slot order.

    Reviews are spoken of without their hunts' numbers: before reveal nobody is to tell which card is which hunt.
    """
    problems = list(selection_problems(session.selection, selected))
    open_ = unfinished_reviews(session, selected)
    if open_:
        problems.append(f"{open_} of {len(selected)} reviews {'is' if open_ == 1 else 'are'} not finished.")
    if any(not run.trial for run in session.active_runs):
        problems.append("A run is still going on.")
    return tuple(problems)


def unfinished_reviews(session: Session, selected: Sequence[Hunt]) -> int:
    """How many of the selected hunts have no complete review."""
    return sum(bool(review_problems(session.review(h.hunt_id), session.run(h.run_id).task)) for h in selected)
