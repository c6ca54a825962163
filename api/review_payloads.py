"""What requests of the trainer's part may hold: settings, selection, reviews, trials, judging again, turns."""

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
    """Changes to a session's settings; what is left out stays as it is."""

    version: Version
    """The session's version that was edited."""
    visibility: Visibility | None = None
    """Fixed since the first run."""
    require_check: bool | None = None
    judge_cut_replies: bool | None = None
    """Fixed since the first run."""
    slots: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How many hunts are to be selected; fixed since reveal."""
    least_breaks: Annotated[int, Field(ge=0, le=1000)] | None = None


class SelectionPayload(Payload):
    hunt_ids: Annotated[tuple[HuntId, ...], Field(max_length=1000)]
    """In slot order; may be fewer than there are slots."""
    version: Version | None = None


class ReviewPayload(Payload):
    """The review as it stands, whole; a draft may lack verdicts and words."""

    verdicts: dict[CriterionId, Literal["PASS", "FAIL"]] = Field(default_factory=dict, max_length=MAX_CRITERIA)
    explanation: str = ""
    based_on: Annotated[str, Field(max_length=40)] | None = None
    """saved_at of the review that was edited, "" for none; left out: over whatever is there."""


class RevealPayload(Payload):
    version: Version | None = None


class TrialPayload(Payload):
    model: ModelName
    judge_model: ModelName = ""
    """Empty: the default judge."""


class RejudgePayload(Payload):
    criterion_ids: Annotated[tuple[CriterionId, ...], Field(max_length=MAX_CRITERIA)] = ()
    """Empty: all of them."""
    judge_model: ModelName = ""
    """Empty: whoever judged it before."""


class TurnPayload(Payload):
    hunt_id: HuntId
    """A held hunt: its reply becomes the history's answer."""
    prompt: str
    response: str = ""
    criteria: tuple[Criterion, ...] = ()


class SummariesPayload(Payload):
    session_ids: Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=MAX_SUMMARIES)]
