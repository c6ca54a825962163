"""What requests may hold. Unknown fields are refused, so that a misspelt one is not silently ignored."""

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
NAME_MOST_CHARS = 255
MAX_WHOLE = 2**53
"""Beyond this, JSON numbers are not whole in every language."""


class TaskPayload(Payload):
    """A task that was typed in."""

    prompt: str = ""
    response: str = ""
    criteria: tuple[Criterion, ...] = ()
    pass_rule: PassRule = PassRule.MAJORITY
    judge_system_prompt: str = ""
    judge_prompt_template: str = ""


class OpenPayload(Payload):
    """Exactly one of url, notebook, example, task, blank."""

    url: Annotated[str, Field(max_length=2000)] | None = None
    """Of a notebook on an allowed host (NOTEBOOK_HOSTS)."""
    notebook: dict[str, Any] | None = None
    """A notebook's own JSON."""
    example: Annotated[str, Field(max_length=200)] | None = None
    """One of GET /api/examples."""
    task: TaskPayload | None = None
    blank: Literal[True] | None = None
    """An empty template of our own."""
    name: Annotated[str, Field(max_length=NAME_MOST_CHARS)] = ""
    """File name of the notebook; its export is named after it."""
    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    judge_cut_replies: bool = False
    """Judge replies that stopped at an output limit; otherwise they are errors. Fixed with the first run."""


class OpenForm(Payload):
    """The fields beside `file` in an uploaded form."""

    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    judge_cut_replies: bool = False
    """Judge replies that stopped at an output limit; otherwise they are errors. Fixed with the first run."""


class TaskEdit(Payload):
    """Changes to the task; what is left out stays as it is."""

    version: Annotated[int, Field(ge=0, le=MAX_WHOLE)]
    """The session's version that was edited."""
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
    """Ask for these alone; the verdicts on the others stay while the task is the same. Empty: all."""


class RunPayload(Payload):
    """Models and hunts, or a run whose error hunts are tried again."""

    models: Annotated[tuple[ModelName, ...], Field(max_length=MOST_MODELS)] = ()
    """provider/model id; the hunts are shared out over them in turn."""
    hunts: Annotated[int, Field(ge=1, le=MOST_HUNTS)] = 8
    retry_errors_of: Annotated[str, Field(max_length=100)] = ""
    """A run of this session: one hunt for each of its hunts that ended as an error, on the same model."""
    stop: StopRule = StopRule()
    """When no further hunt is begun; what has begun goes to its end."""
    judge_model: ModelName = ""
    """Empty: the default judge."""
    override_check: bool = False
    """Start although the reference check has not passed; it is recorded."""


class HuntsQuery(Payload):
    after: Annotated[int, Field(ge=0, le=MAX_WHOLE)] = 0
    """The number of the last hunt that was read."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    run_id: str | None = None
    """Only hunts of this run."""
    turn: Annotated[int, Field(ge=1, le=MAX_WHOLE)] | None = None
    """Only hunts of this turn."""
    texts: bool = True
    """Without texts, response and reasoning are null."""


class EventsQuery(Payload):
    after: str | None = None
    """Id of the last event that was seen; the header Last-Event-ID wins."""
    limit: Annotated[int, Field(ge=1, le=5000)] = 1000
    """Most events of a JSON answer."""
    format: Literal["json", "stream"] | None = None
    """json: the same as JSON, at once, whatever the Accept header says."""


class EstimateQuery(Payload):
    models: Annotated[str, Field(min_length=1, max_length=MOST_MODELS * 301)]
    """provider/model id, comma-separated."""
    hunts: Annotated[int, Field(ge=1, le=MOST_HUNTS)] = 8
    judge_model: ModelName = ""
    """Empty: the default judge."""


class ExportQuery(Payload):
    hunt_ids: str | None = None
    """Hunt ids, comma-separated, in slot order."""


class ModelQuery(Payload):
    model: Annotated[str, Field(min_length=1, max_length=200)]
    """provider/model id."""


class MarkdownPayload(Payload):
    """A text that is being written."""

    text: Annotated[str, Field(max_length=1_000_000)]


class SignInPayload(Payload):
    token: Annotated[str, Field(max_length=1000)]
    """As `python -m core token` showed it."""
