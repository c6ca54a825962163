"""The trainer's own verdicts on a selected hunt.

The desk, reveal and the export all use this module to decide whether a review is complete, and its outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import field_validator

from core.domain.task import Task
from core.domain.value import Value
from core.domain.verdict import Outcome, Verdict, decide

MIN_WORDS = 10
"""Minimum number of words of an explanation."""
GIVEN = frozenset({Verdict.PASS, Verdict.FAIL})
"""The verdicts that a person can give."""


class Review(Value):
    """A review of a hunt, independent of the hunt's slot. A draft is an incomplete review."""

    hunt_id: str
    verdicts: tuple[tuple[str, Verdict], ...] = ()
    """Pairs of criterion ID and verdict, in the order they were given."""
    explanation: str = ""
    saved_at: datetime

    @field_validator("verdicts")
    @classmethod
    def _pass_or_fail(cls, verdicts: tuple[tuple[str, Verdict], ...]) -> tuple[tuple[str, Verdict], ...]:
        if any(verdict not in GIVEN for _, verdict in verdicts):
            raise ValueError("a verdict must be PASS or FAIL")
        if len({criterion for criterion, _ in verdicts}) != len(verdicts):
            raise ValueError("a criterion has more than one verdict")
        return verdicts

    @property
    def by_criterion(self) -> Mapping[str, Verdict]:
        return dict(self.verdicts)


def word_count(text: str) -> int:
    """Count words separated by whitespace."""
    return len(text.split())


def review_problems(review: Review | None, task: Task) -> tuple[str, ...]:
    """Return what is still missing, one sentence each; empty if the review is complete. `task` is that of the hunt's
    run."""
    said = review.by_criterion if review else {}
    open_ = [c.id for c in task.criteria if c.id not in said]
    words = word_count(review.explanation) if review else 0
    problems = [f"{_listed(open_)} {'has' if len(open_) == 1 else 'have'} no verdict."] if open_ else []
    if words < MIN_WORDS:
        problems.append(f"The explanation has {words} of at least {MIN_WORDS} words.")
    return tuple(problems)


def human_outcome(review: Review, task: Task) -> Outcome | None:
    """Return the outcome of the reviewer's verdicts by the task's pass rule; None while a verdict is missing."""
    said = review.by_criterion
    if not task.criteria or any(c.id not in said for c in task.criteria):
        return None
    return decide((said[c.id] for c in task.criteria), task.pass_rule)


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
