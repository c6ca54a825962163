"""Agreement between the trainer's reviews and the judge, by criterion. Only after reveal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.hunt import Hunt
from core.domain.review import GIVEN, Review, human_outcome
from core.domain.task import Task
from core.domain.verdict import Outcome, Verdict, score


@dataclass(frozen=True)
class Reviewed:
    """A hunt of the desk with its review and the task it was judged by."""

    hunt: Hunt
    review: Review
    task: Task

    def pairs(self) -> list[tuple[str, Verdict, Verdict | None]]:
        """Return (criterion, reviewer's verdict, judge's verdict); the last is None if the judge gave no PASS or
        FAIL."""
        judged = {v.criterion_id: v.verdict for v in self.hunt.verdicts if v.verdict in GIVEN}
        said = self.review.by_criterion
        return [(c.id, said[c.id], judged.get(c.id)) for c in self.task.criteria if c.id in said]

    @property
    def disagreements(self) -> tuple[str, ...]:
        return tuple(i for i, human, judge in self.pairs() if judge is not None and human is not judge)

    @property
    def human_score(self) -> int | None:
        outcome = human_outcome(self.review, self.task)
        return None if outcome is None else score(outcome)

    @property
    def judge_score(self) -> int | None:
        return score(self.hunt.outcome or Outcome.UNDETERMINED)


@dataclass
class CriterionTally:
    criterion_id: str
    agree: int = 0
    disagree: int = 0
    unclear: int = 0
    """The judge gave no usable verdict."""

    def add(self, human: Verdict, judge: Verdict | None) -> None:
        self.agree += judge is human
        self.disagree += judge is not None and judge is not human
        self.unclear += judge is None


@dataclass(frozen=True)
class HuntAgreement:
    hunt_id: str
    human_score: int | None
    judge_score: int | None
    disagreements: tuple[str, ...]


@dataclass(frozen=True)
class Agreement:
    """Criteria and hunts are sorted by disagreements, descending."""

    criteria: tuple[CriterionTally, ...]
    agree: int
    disagree: int
    unclear: int
    """The judge gave no usable verdict."""
    hunts: tuple[HuntAgreement, ...]


def agreement(reviewed: Sequence[Reviewed]) -> Agreement:
    by_criterion: dict[str, CriterionTally] = {}
    for one in reviewed:
        for criterion, human, judge in one.pairs():
            by_criterion.setdefault(criterion, CriterionTally(criterion)).add(human, judge)
    tallies = sorted(by_criterion.values(), key=lambda tally: -tally.disagree)
    hunts = [HuntAgreement(r.hunt.hunt_id, r.human_score, r.judge_score, r.disagreements) for r in reviewed]
    return Agreement(
        criteria=tuple(tallies),
        agree=sum(tally.agree for tally in tallies),
        disagree=sum(tally.disagree for tally in tallies),
        unclear=sum(tally.unclear for tally in tallies),
        hunts=tuple(sorted(hunts, key=lambda hunt: -len(hunt.disagreements))),
    )
