"""Request payloads. Unknown fields are rejected, so that misspelled ones are not silently ignored."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.domain.criteria import Criterion
from core.domain.run import MOST_HUNTS, StopRule
from core.domain.session import Visibility
from core.domain.task import PassRule
from core.hunting.orders import MOST_MODELS


class Payload(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


ModelName = Annotated[str, Field(max_length=300)]
MAX_NAME_CHARS = 255
MAX_WHOLE = 2**53
"""Larger integers lose precision in JavaScript and other languages."""


class TaskPayload(Payload):
    """A task entered by hand."""

    prompt: str = ""
    response: str = ""
    criteria: tuple[Criterion, ...] = ()
    pass_rule: PassRule = PassRule.MAJORITY
    judge_system_prompt: str = ""
    judge_prompt_template: str = ""


class OpenPayload(Payload):
    """Exactly one of url, notebook, example, task, blank."""

    url: Annotated[str, Field(max_length=2000)] | None = None
    """URL of a notebook on an allowed host (NOTEBOOK_HOSTS)."""
    notebook: dict[str, Any] | None = None
    """The notebook's JSON."""
    example: Annotated[str, Field(max_length=200)] | None = None
    """Name of an example from GET /api/examples."""
    task: TaskPayload | None = None
    blank: Literal[True] | None = None
    """An empty task template."""
    name: Annotated[str, Field(max_length=MAX_NAME_CHARS)] = ""
    """File name of the notebook; the export's name derives from it."""
    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    judge_cut_replies: bool = False
    """Judge replies cut off at an output limit; otherwise they are errors. Fixed by the first run."""


class OpenForm(Payload):
    """The other fields of an upload form."""

    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    judge_cut_replies: bool = False
    """Judge replies cut off at an output limit; otherwise they are errors. Fixed by the first run."""


class TaskEdit(Payload):
    """Changes to the task; omitted fields stay unchanged."""

    version: Annotated[int, Field(ge=0, le=MAX_WHOLE)]
    """The session version the edit is based on."""
    prompt: str | None = None
    response: str | None = None
    criteria: tuple[Criterion, ...] | None = None
    judge_system_prompt: str | None = None
    judge_prompt_template: str | None = None
    pass_rule: PassRule | None = None


class CheckPayload(Payload):
    judge_model: ModelName = ""
    """Empty: the default judge."""
    criterion_ids: Annotated[tuple[str, ...], Field(max_length=1000)] = ()
    """Judge only these; the other verdicts stay if the task is unchanged. Empty: all criteria."""


class RunPayload(Payload):
    """Models and number of hunts, or a run whose failed hunts are retried."""

    models: Annotated[tuple[ModelName, ...], Field(max_length=MOST_MODELS)] = ()
    """provider/model ID; the hunts are split across the models in rotation."""
    hunts: Annotated[int, Field(ge=1, le=MOST_HUNTS)] = 8
    retry_errors_of: Annotated[str, Field(max_length=100)] = ""
    """A run of this session: retries each hunt that ended with an error, on the same model."""
    stop: StopRule = StopRule()
    """When to stop starting hunts; started hunts finish."""
    judge_model: ModelName = ""
    """Empty: the default judge."""
    override_check: bool = False
    """Start without a passed reference check; this is recorded."""


class HuntsQuery(Payload):
    after: Annotated[int, Field(ge=0, le=MAX_WHOLE)] = 0
    """Number of the last received hunt."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    run_id: str | None = None
    """Only hunts of this run."""
    turn: Annotated[int, Field(ge=1, le=MAX_WHOLE)] | None = None
    """Only hunts of this turn."""
    texts: bool = True
    """If false, response and reasoning are null."""


class EventsQuery(Payload):
    after: str | None = None
    """ID of the last received event; the header Last-Event-ID overrides it."""
    limit: Annotated[int, Field(ge=1, le=5000)] = 1000
    """Maximum events in a JSON response."""
    format: Literal["json", "stream"] | None = None
    """json: returns the events as JSON at once, regardless of the Accept header."""


class EstimateQuery(Payload):
    models: Annotated[str, Field(min_length=1, max_length=MOST_MODELS * 301)]
    """provider/model IDs, comma-separated."""
    hunts: Annotated[int, Field(ge=1, le=MOST_HUNTS)] = 8
    judge_model: ModelName = ""
    """Empty: the default judge."""


class ExportQuery(Payload):
    hunt_ids: str | None = None
    """Hunt IDs, comma-separated, in slot order."""


class ModelQuery(Payload):
    model: Annotated[str, Field(min_length=1, max_length=200)]
    """provider/model ID."""


class MarkdownPayload(Payload):
    """A text to preview."""

    text: Annotated[str, Field(max_length=1_000_000)]


class SignInPayload(Payload):
    token: Annotated[str, Field(max_length=1000)]
    """The token from `python -m core token`."""
