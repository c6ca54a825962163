"""Requests other than the orders in core/hunting/orders.py: sources of a session, queries, sign-in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from core.domain.criteria import Criterion
from core.domain.run import MAX_HUNTS
from core.domain.task import PassRule
from core.hunting.orders import MAX_MODELS, MAX_WHOLE, HuntId, ModelName, OpenRequest, Order, Version

MAX_NAME_CHARS = 255
MAX_SUMMARIES = 50


class TaskPayload(Order):
    """A task entered by hand."""

    prompt: str = ""
    response: str = ""
    criteria: tuple[Criterion, ...] = ()
    pass_rule: PassRule = PassRule.MAJORITY
    judge_system_prompt: str = ""
    judge_prompt_template: str = ""


class OpenPayload(OpenRequest):
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


class SelectionPayload(Order):
    hunt_ids: Annotated[tuple[HuntId, ...], Field(max_length=1000)]
    """In slot order; may be fewer than the slots."""
    version: Version | None = None


class RevealPayload(Order):
    version: Version | None = None


class TrialPayload(Order):
    model: ModelName
    judge_model: ModelName = ""
    """Empty: the default judge."""


class SummariesPayload(Order):
    session_ids: Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=MAX_SUMMARIES)]


class HuntsQuery(Order):
    after: Annotated[int, Field(ge=0, le=MAX_WHOLE)] = 0
    """Number of the last received hunt."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    run_id: str | None = None
    """Only hunts of this run."""
    turn: Annotated[int, Field(ge=1, le=MAX_WHOLE)] | None = None
    """Only hunts of this turn."""
    texts: bool = True
    """If false, response and reasoning are null."""


class EventsQuery(Order):
    after: str | None = None
    """ID of the last received event; the header Last-Event-ID overrides it."""
    limit: Annotated[int, Field(ge=1, le=5000)] = 1000
    """Maximum events in a JSON response."""
    format: Literal["json", "stream"] | None = None
    """json: returns the events as JSON at once, regardless of the Accept header."""


class EstimateQuery(Order):
    models: Annotated[str, Field(min_length=1, max_length=MAX_MODELS * 301)]
    """provider/model IDs, comma-separated."""
    hunts: Annotated[int, Field(ge=1, le=MAX_HUNTS)] = 8
    judge_model: ModelName = ""
    """Empty: the default judge."""


class ExportQuery(Order):
    hunt_ids: str | None = None
    """Hunt IDs, comma-separated, in slot order."""


class ModelQuery(Order):
    model: Annotated[str, Field(min_length=1, max_length=200)]
    """provider/model ID."""


class MarkdownPayload(Order):
    """A text to preview."""

    text: Annotated[str, Field(max_length=1_000_000)]


class SignInPayload(Order):
    token: Annotated[str, Field(max_length=1000)]
    """The token from `python -m core token`."""
