"""Compares the outcomes of a delivery's hunts by the judge and by the reviews.

While verdicts are sealed, only two known numbers are compared, the breaks of the judge and of the reviewer: the result
must not link a review to a hunt (decision record 0044). The drawn hunts count among them then: a number that a review
changes only if its card is a selected hunt's would name the drawn ones (0103).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.hunt import Hunt
from core.domain.review import Review, human_outcome, review_problems
from core.domain.session import Session
from core.domain.verdict import Outcome


@dataclass(frozen=True)
class OutcomeComparison:
    hunts: int
    reviewed: int
    """Hunts with a finished review; drafts do not count."""
    judge_breaks: int
    """Among all of these hunts."""
    reviewer_breaks: int
    """Among the reviewed hunts."""
    differ: bool
    """The review of at least one of these hunts has a different outcome than the judge."""
    differing: tuple[str, ...]
    """IDs of those hunts; empty while the verdicts are sealed."""
    words: str
    """Both counts as a sentence; empty if no hunt is reviewed."""
    question: str
    """The question to show before delivery; empty if the reviews agree."""


def compare_outcomes(session: Session, hunts: Sequence[Hunt], drawn: Sequence[Hunt] = ()) -> OutcomeComparison:
    """Compare the outcomes of `hunts`: those to deliver, or the selected ones. `drawn`: the desk's other hunts, which
    are included while the verdicts are sealed."""
    if session.sealed:
        here = {hunt.hunt_id for hunt in hunts}
        hunts = [*hunts, *(hunt for hunt in drawn if hunt.hunt_id not in here)]
    reviewed = [(hunt, outcome) for hunt in hunts if (outcome := _reviewed_outcome(session, hunt)) is not None]
    judge_breaks = sum(hunt.outcome is Outcome.BROKE for hunt in hunts)
    reviewer_breaks = sum(outcome is Outcome.BROKE for _, outcome in reviewed)
    differing = tuple(hunt.hunt_id for hunt, outcome in reviewed if hunt.outcome is not outcome)
    reviewer_held, judge_held = len(reviewed) - reviewer_breaks, len(hunts) - judge_breaks
    differ = (reviewer_breaks > judge_breaks or reviewer_held > judge_held) if session.sealed else bool(differing)
    same_number = len(reviewed) == len(hunts) and reviewer_breaks == judge_breaks
    part = "" if len(reviewed) == len(hunts) else f" (of {len(reviewed)} reviewed)"
    breaks = f"{judge_breaks} break{'' if judge_breaks == 1 else 's'}"
    where = ", on different hunts" if differ and same_number else ""
    words = f"Judge: {breaks}, you: {reviewer_breaks}{part}{where}." if reviewed else ""
    least = session.selection.least_breaks
    lacks = reviewer_breaks + len(hunts) - len(reviewed) < least
    short = f" By your reviews it lacks the required {least} breaks." if lacks else ""
    return OutcomeComparison(
        hunts=len(hunts),
        reviewed=len(reviewed),
        judge_breaks=judge_breaks,
        reviewer_breaks=reviewer_breaks,
        differ=differ,
        differing=() if session.sealed else differing,
        words=words,
        question=f"{words}{short} Deliver the notebook anyway?" if differ else "",
    )


def _reviewed_outcome(session: Session, hunt: Hunt) -> Outcome | None:
    """Return the outcome of the hunt's finished review; None without one."""
    review: Review | None = session.final_review(hunt.hunt_id)
    if review is None:
        return None
    task = session.run(hunt.run_id).task
    return None if review_problems(review, task) else human_outcome(review, task)
