"""The second review of a session: another person's verdicts on the same replies, independent of the first reviewer's
(decision record 0108)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import field_validator

from core.domain.review import GIVEN, Review
from core.domain.value import Value
from core.domain.verdict import Verdict


class SettledVerdict(Value):
    """What two people agreed on where their reviews differ."""

    hunt_id: str
    criterion_id: str
    verdict: Verdict
    by: str
    """Who settled it."""
    note: str = ""
    at: datetime

    @field_validator("verdict")
    @classmethod
    def _pass_or_fail(cls, verdict: Verdict) -> Verdict:
        if verdict not in GIVEN:
            raise ValueError("a verdict must be PASS or FAIL")
        return verdict


class SecondReview(Value):
    reviewer: str = ""
    """Who reviews; "" in exports."""
    asked_by: str = ""
    """Who asked; "" in exports."""
    asked_at: datetime
    hunt_ids: tuple[str, ...]
    """The hunts to review: those on the desk when the review was asked for. The selection cannot change meanwhile."""
    reviews: tuple[Review, ...] = ()
    """Includes drafts, until the reviewer is done."""
    done_at: datetime | None = None
    """When the reviewer finished, which locks these reviews; None before."""
    settled: tuple[SettledVerdict, ...] = ()

    def review(self, hunt_id: str) -> Review | None:
        return next((one for one in self.reviews if one.hunt_id == hunt_id), None)

    def settled_verdicts(self, hunt_id: str) -> Mapping[str, Verdict]:
        """Return the settled verdicts on a hunt by criterion."""
        return {one.criterion_id: one.verdict for one in self.settled if one.hunt_id == hunt_id}
