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
    """A selected hunt with its review and the task it was judged by."""

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
class Tally:
    agree: int = 0
    disagree: int = 0
    unclear: int = 0
    """The judge gave no usable verdict."""

    def add(self, human: Verdict, judge: Verdict | None) -> None:
        self.agree += judge is human
        self.disagree += judge is not None and judge is not human
        self.unclear += judge is None


@dataclass(frozen=True)
class Agreement:
    criteria: tuple[tuple[str, Tally], ...]
    """Sorted by disagreements, descending."""
    total: Tally
    hunts: tuple[Reviewed, ...]
    """Sorted by disagreements, descending."""


def agreement(reviewed: Sequence[Reviewed]) -> Agreement:
    by_criterion: dict[str, Tally] = {}
    total = Tally()
    for one in reviewed:
        for criterion, human, judge in one.pairs():
            for tally in (by_criterion.setdefault(criterion, Tally()), total):
                tally.add(human, judge)
    return Agreement(
        criteria=tuple(sorted(by_criterion.items(), key=lambda item: -item[1].disagree)),
        total=total,
        hunts=tuple(sorted(reviewed, key=lambda one: -len(one.disagreements))),
    )
