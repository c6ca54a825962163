"""Response shapes for selection, reviews, trials and previews (see api/shapes.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from api.agreement_shapes import ComparisonShape, Shape
from api.shapes import CountsShape, CriterionShape, HuntShape, ReviewShape
from core.domain.chat import Message
from core.domain.session import CheckStatus
from core.domain.verdict import Outcome


class ProposalAnswer(Shape):
    """A proposed selection, and the reason."""

    hunt_ids: list[str]
    why: str


class CardShape(Shape):
    card_id: str
    """Does not reveal the hunt."""
    response: str
    response_html: str
    cut_off: bool
    """The reply stopped at an output limit."""
    criteria: list[CriterionShape]
    """The criteria of this reply's task."""
    review: ReviewShape | None
    hunt_id: str | None = None
    """This and the following fields are omitted while the verdicts are sealed."""
    number: int | None = None
    model: str | None = None
    outcome: Outcome | None = None


class DeskAnswer(Shape):
    """The review desk: one card per selected hunt, in an order that does not reveal outcomes."""

    cards: list[CardShape]
    criteria: list[CriterionShape]
    prompt: str
    response: str
    history: list[Message]
    """Earlier turns."""
    sealed: bool


class ReviewAnswer(Shape):
    """The saved review."""

    review: ReviewShape


class TrialAnswer(Shape):
    """The trial; its progress arrives as events."""

    hunt_id: str


class TrialsAnswer(Shape):
    """The started trials, oldest first."""

    hunts: list[HuntShape]


class CriterionInsightShape(Shape):
    criterion_id: str
    decided: int
    passed: int
    note: Literal["always passes", "always fails", ""]


class InsightsAnswer(Shape):
    """Statistics of the criteria over the verdicts so far. While sealed: duplicates only."""

    criteria: list[CriterionInsightShape]
    together: list[list[str]]
    """Pairs of criteria that always get the same verdict."""
    flipped: list[str]
    """Criteria whose verdict changed when a reply was rejudged."""
    duplicates: list[list[str]]
    """Pairs of hunts with nearly identical replies."""


class CellShape(Shape):
    index: int
    """Index in the export; for a removed cell, its index in the original."""
    heading: str
    change: Literal["same", "changed", "added", "removed"]
    before: str
    """Truncated at 4,000 characters."""
    after: str
    before_chars: int
    """Full length."""
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
    """The session has expired or been deleted; the other fields are omitted."""
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
    """Finished reviews of the selection disagree with the judge's outcome."""


class SummariesAnswer(Shape):
    """One row per ID. Reading a summary does not renew a session."""

    sessions: list[SummaryShape]
