"""Compares the outcomes of a delivery's hunts by the judge and by the reviews.

While verdicts are sealed, only two known numbers are compared, the breaks of the judge and of the reviewer: the result
must not link a review to a hunt (decision record 0044).
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
    """Breaks among all of these hunts."""
    reviewer_breaks: int
    """Breaks among the reviewed hunts."""
    least_breaks: int
    """Breaks that the selection needs."""
    differ: bool
    """Whether the review of at least one of these hunts has a different outcome than the judge."""
    differing: tuple[str, ...] = ()
    """IDs of those hunts; empty while verdicts are sealed."""

    @property
    def words(self) -> str:
        """Both counts as a sentence; "" if nothing is reviewed."""
        if not self.reviewed:
            return ""
        part = "" if self.reviewed == self.hunts else f" (of {self.reviewed} reviewed)"
        breaks = f"{self.judge_breaks} break{'' if self.judge_breaks == 1 else 's'}"
        where = ", on different hunts" if self.differ and self._same_number else ""
        return f"Judge: {breaks}, you: {self.reviewer_breaks}{part}{where}."

    @property
    def question(self) -> str:
        """Question to ask before delivery; "" if there is none."""
        if not self.differ:
            return ""
        most = self.reviewer_breaks + self.hunts - self.reviewed
        short = f" By your reviews it lacks the required {self.least_breaks} breaks."
        return f"{self.words}{short if most < self.least_breaks else ''} Deliver the notebook anyway?"

    @property
    def _same_number(self) -> bool:
        return self.reviewed == self.hunts and self.reviewer_breaks == self.judge_breaks


def compare_outcomes(session: Session, hunts: Sequence[Hunt]) -> OutcomeComparison:
    """Compare the outcomes of `hunts`: those to deliver, or the selected ones."""
    reviewed = [(hunt, outcome) for hunt in hunts if (outcome := _reviewed_outcome(session, hunt)) is not None]
    judge_breaks = sum(hunt.outcome is Outcome.BROKE for hunt in hunts)
    reviewer_breaks = sum(outcome is Outcome.BROKE for _, outcome in reviewed)
    differing = tuple(hunt.hunt_id for hunt, outcome in reviewed if hunt.outcome is not outcome)
    reviewer_held, judge_held = len(reviewed) - reviewer_breaks, len(hunts) - judge_breaks
    return OutcomeComparison(
        hunts=len(hunts),
        reviewed=len(reviewed),
        judge_breaks=judge_breaks,
        reviewer_breaks=reviewer_breaks,
        least_breaks=session.selection.least_breaks,
        differ=(reviewer_breaks > judge_breaks or reviewer_held > judge_held) if session.sealed else bool(differing),
        differing=() if session.sealed else differing,
    )


def _reviewed_outcome(session: Session, hunt: Hunt) -> Outcome | None:
    """Return the outcome of the hunt's finished review; None without one."""
    review: Review | None = session.review(hunt.hunt_id)
    if review is None:
        return None
    task = session.run(hunt.run_id).task
    return None if review_problems(review, task) else human_outcome(review, task)
