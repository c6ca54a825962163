"""Request payloads for settings, selection, reviews, trials, rejudging and turns."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.payloads import MAX_WHOLE, ModelName, Payload
from core.domain.criteria import Criterion
from core.domain.session import Visibility

HuntId = Annotated[str, Field(min_length=1, max_length=100)]
Version = Annotated[int, Field(ge=0, le=MAX_WHOLE)]
CriterionId = Annotated[str, Field(min_length=1, max_length=10)]
MAX_CRITERIA = 1000
MAX_SUMMARIES = 50


class SettingsPayload(Payload):
    """Changes to a session's settings; omitted fields stay unchanged."""

    version: Version
    """The session version the edit is based on."""
    visibility: Visibility | None = None
    """Fixed by the first run."""
    require_check: bool | None = None
    judge_cut_replies: bool | None = None
    """Fixed by the first run."""
    slots: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Number of hunts to select; fixed by the reveal."""
    least_breaks: Annotated[int, Field(ge=0, le=1000)] | None = None


class SelectionPayload(Payload):
    hunt_ids: Annotated[tuple[HuntId, ...], Field(max_length=1000)]
    """In slot order; may be fewer than the slots."""
    version: Version | None = None


class ReviewPayload(Payload):
    """The whole review; a draft may lack verdicts and explanation."""

    verdicts: dict[CriterionId, Literal["PASS", "FAIL"]] = Field(default_factory=dict, max_length=MAX_CRITERIA)
    explanation: str = ""
    based_on: Annotated[str, Field(max_length=40)] | None = None
    """saved_at of the edited review, "" for a new one; omitted: overwrites any review."""


class RevealPayload(Payload):
    version: Version | None = None


class TrialPayload(Payload):
    model: ModelName
    judge_model: ModelName = ""
    """Empty: the default judge."""


class RejudgePayload(Payload):
    criterion_ids: Annotated[tuple[CriterionId, ...], Field(max_length=MAX_CRITERIA)] = ()
    """Empty: all criteria."""
    judge_model: ModelName = ""
    """Empty: the previous judge."""


class TurnPayload(Payload):
    hunt_id: HuntId
    """A held hunt; its reply becomes this turn's answer in the history."""
    prompt: str
    response: str = ""
    criteria: tuple[Criterion, ...] = ()


class SummariesPayload(Payload):
    session_ids: Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=MAX_SUMMARIES)]
