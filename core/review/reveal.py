"""Conditions for the reveal, shared by the page's button and the request."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.hunt import Hunt
from core.domain.review import Review, review_problems
from core.domain.session import Session
from core.review.review_cards import selected_of
from core.review.selection import selection_problems


def reveal_problems(session: Session, on_desk: Sequence[Hunt]) -> tuple[str, ...]:
    """Return what is still missing, one sentence each. `on_desk`: the hunts to review, the selected ones in slot order.

    Reviews are mentioned without hunt numbers: before reveal nothing may link a card to a hunt. Those of drawn hunts
    are as necessary as the others: a reveal that does not wait for them would name them (0103).
    """
    selected = selected_of(session, on_desk)
    problems = list(selection_problems(session.selection, selected))
    open_ = unfinished_reviews(session, on_desk)
    if open_:
        problems.append(f"{open_} of {len(on_desk)} reviews {'is' if open_ == 1 else 'are'} unfinished.")
    if bare := without_verdicts(selected):
        problems.append(
            f"{bare} of {len(selected)} selected hunts {'has' if bare == 1 else 'have'} no verdicts, because an export "
            f"made before the reveal leaves them out. Judge {'it' if bare == 1 else 'them'} again first."
        )
    if any(hunt.outcome is None for hunt in on_desk if hunt not in selected):
        problems.append("A drawn hunt is being judged again.")
    if session.waits_for_second_review:
        problems.append("The second review is not finished.")
    if any(not run.trial for run in session.active_runs):
        problems.append("A run is still active.")
    return tuple(problems)


def without_verdicts(selected: Sequence[Hunt]) -> int:
    """Return the number of decided hunts whose verdicts a sealed export left out."""
    return sum(hunt.decided and not hunt.verdicts for hunt in selected)


def unfinished_reviews(session: Session, on_desk: Sequence[Hunt]) -> int:
    """Return the number of hunts on the desk without a complete review."""
    return sum(bool(review_problems(session.review(h.hunt_id), session.run(h.run_id).task)) for h in on_desk)


def locked_reviews(session: Session) -> tuple[Review, ...]:
    """Return the complete reviews of this turn, also those of hunts that are no longer selected; with the verdicts that
    two people settled."""
    runs = {run.run_id: run for run in session.runs if run.turn == session.turn}
    found = ((review, runs.get(review.hunt_id.rpartition(".")[0])) for review in session.reviews)
    complete = (review for review, run in found if run is not None and not review_problems(review, run.task))
    return tuple(session.final_review(review.hunt_id) or review for review in complete)
