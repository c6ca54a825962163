"""The shapes of the trainer's part, for the OpenAPI description (see api/shapes.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from api.agreement_shapes import ComparisonShape, Shape
from api.shapes import CountsShape, CriterionShape, HuntShape, ReviewShape
from core.domain.chat import Message
from core.domain.session import CheckStatus
from core.domain.verdict import Outcome


class ProposalAnswer(Shape):
    """Hunts that would make a good selection, and why."""

    hunt_ids: list[str]
    why: str


class CardShape(Shape):
    card_id: str
    """Says nothing about the hunt."""
    response: str
    response_html: str
    cut_off: bool
    """The reply stopped at an output limit."""
    criteria: list[CriterionShape]
    """What this reply is reviewed by."""
    review: ReviewShape | None
    hunt_id: str | None = None
    """This and what follows are left out while the judge's opinion is sealed."""
    number: int | None = None
    model: str | None = None
    outcome: Outcome | None = None


class DeskAnswer(Shape):
    """The review desk: one card per selected hunt, in an order that tells nothing."""

    cards: list[CardShape]
    criteria: list[CriterionShape]
    prompt: str
    response: str
    history: list[Message]
    """Earlier turns."""
    sealed: bool


class ReviewAnswer(Shape):
    """The review as it is kept."""

    review: ReviewShape


class TrialAnswer(Shape):
    """The trial; it arrives by events."""

    hunt_id: str


class TrialsAnswer(Shape):
    """The calibration hunts that have begun, the first one first."""

    hunts: list[HuntShape]


class CriterionInsightShape(Shape):
    criterion_id: str
    decided: int
    passed: int
    note: Literal["always passes", "always fails", ""]


class InsightsAnswer(Shape):
    """What the verdicts so far say about the criteria. While the judge's opinion is sealed: duplicates alone."""

    criteria: list[CriterionInsightShape]
    together: list[list[str]]
    """Pairs of criteria that always fall together."""
    flipped: list[str]
    """Criteria whose answer changed when the same reply was judged again."""
    duplicates: list[list[str]]
    """Pairs of hunts with nearly the same reply."""


class CellShape(Shape):
    index: int
    """Place in the export; of a removed cell its place in the file before."""
    heading: str
    change: Literal["same", "changed", "added", "removed"]
    before: str
    """Cut at 4,000 characters."""
    after: str
    before_chars: int
    """Length of the whole."""
    after_chars: int


class PreviewAnswer(Shape):
    """What the export changes, cell by cell."""

    cells: list[CellShape]
    attempts: int
    comparison: ComparisonShape


class CheckGlanceShape(Shape):
    status: CheckStatus
    stale: bool


class SummaryShape(Shape):
    session_id: str
    gone: bool | None = None
    """It has ended; the rest is left out."""
    name: str | None = None
    version: int | None = None
    turn: int | None = None
    created_at: datetime | None = None
    counts: CountsShape | None = None
    active_runs: int | None = None
    check: CheckGlanceShape | None = None
    selection_complete: bool | None = None
    reviews_complete: bool | None = None
    revealed: bool | None = None
    reviews_differ: bool | None = None
    """Finished reviews of the selection give another outcome than the judge."""


class SummariesAnswer(Shape):
    """One row for each id. Looking does not renew a session."""

    sessions: list[SummaryShape]
