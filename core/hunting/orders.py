"""Requests to the hunting service. The API parses its JSON bodies into them; the command line builds them.

A `…Request` has the fields that a client sends; the order derived from it adds what the interface knows. Unknown fields
are rejected, so that misspelled ones are not silently ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from core.domain.criteria import Criterion
from core.domain.run import MAX_HUNTS, MAX_MODEL_CHARS, StopRule
from core.domain.session import Visibility
from core.domain.task import PassRule
from core.domain.value import Value

MAX_MODELS = 20
"""Maximum models per run."""
MAX_CRITERIA = 1000
MAX_WHOLE = 2**53
"""Larger integers lose precision in JavaScript and other languages."""

ModelName = Annotated[str, Field(max_length=MAX_MODEL_CHARS)]
HuntId = Annotated[str, Field(min_length=1, max_length=100)]
CriterionId = Annotated[str, Field(min_length=1, max_length=10)]
Version = Annotated[int, Field(ge=0, le=MAX_WHOLE)]


class Order(Value):
    model_config = ConfigDict(use_attribute_docstrings=True)


class OpenRequest(Order):
    """Options for opening a session."""

    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    judge_cut_replies: bool = False
    """Judge replies cut off at an output limit; otherwise they are errors. Fixed by the first run."""


class OpenOrder(OpenRequest):
    idempotency_key: str = ""
    owner: str = ""
    """The signed-in user; "" without sign-in."""


class EditOrder(Order):
    """Changes to the task; omitted fields stay unchanged."""

    version: Version
    """The session version the edit is based on."""
    prompt: str | None = None
    response: str | None = None
    criteria: tuple[Criterion, ...] | None = None
    judge_system_prompt: str | None = None
    judge_prompt_template: str | None = None
    pass_rule: PassRule | None = None


class CheckRequest(Order):
    judge_model: ModelName = ""
    """Empty: the default judge."""
    criterion_ids: Annotated[tuple[str, ...], Field(max_length=MAX_CRITERIA)] = ()
    """Judge only these; the other verdicts stay if the task is unchanged. Empty: all criteria."""


class CheckOrder(CheckRequest):
    idempotency_key: str = ""


class RunRequest(Order):
    """Models and number of hunts, or a run whose failed hunts are retried."""

    models: Annotated[tuple[ModelName, ...], Field(max_length=MAX_MODELS)] = ()
    """provider/model ID; the hunts are split across the models in rotation."""
    hunts: Annotated[int, Field(ge=1, le=MAX_HUNTS)] = 8
    retry_errors_of: Annotated[str, Field(max_length=100)] = ""
    """A run of this session: retries each hunt that ended with an error, on the same model."""
    stop: StopRule = StopRule()
    """When to stop starting hunts; started hunts finish."""
    judge_model: ModelName = ""
    """Empty: the default judge."""
    override_check: bool = False
    """Start without a passed reference check; this is recorded."""


class RunOrder(RunRequest):
    trial: bool = False
    """A trial: a single hunt that is counted separately."""
    idempotency_key: str = ""


class RejudgeRequest(Order):
    criterion_ids: Annotated[tuple[CriterionId, ...], Field(max_length=MAX_CRITERIA)] = ()
    """Empty: all criteria."""
    judge_model: ModelName = ""
    """Empty: the previous judge."""


class RejudgeOrder(RejudgeRequest):
    idempotency_key: str = ""


class SettingsOrder(Order):
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


class ReviewOrder(Order):
    """The whole review; a draft may lack verdicts and explanation."""

    verdicts: dict[CriterionId, Literal["PASS", "FAIL"]] = Field(default_factory=dict, max_length=MAX_CRITERIA)
    explanation: str = ""
    based_on: Annotated[str, Field(max_length=40)] | None = None
    """saved_at of the edited review, "" for a new one; omitted: overwrites any review."""


class TurnRequest(Order):
    hunt_id: HuntId
    """A held hunt; its reply becomes this turn's answer in the history."""
    prompt: str
    response: str = ""
    criteria: tuple[Criterion, ...] = ()


class TurnOrder(TurnRequest):
    idempotency_key: str = ""
