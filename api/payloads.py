"""Requests other than the orders in core/hunting/orders.py: sources of a session, queries, sign-in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from core.domain.allocation import Allocation
from core.domain.criteria import Criterion
from core.domain.parameters import NO_PARAMETERS, Parameters
from core.domain.run import MAX_HUNTS
from core.domain.task import PassRule
from core.hunting.orders import (
    MAX_MODELS,
    MAX_WHOLE,
    NO_SECOND_OPINIONS,
    ConfirmRequest,
    Entry,
    HuntId,
    JudgedRequest,
    ModelName,
    OpenRequest,
    Order,
    Version,
)
from core.hunting.reviews.delivery import CriteriaForm

MAX_NAME_CHARS = 255
WITHOUT_NUL = r"^[^\x00]*$"
MAX_SUMMARIES = 50
MAX_FOUND = 200


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


class TrialPayload(JudgedRequest):
    model: ModelName
    parameters: Parameters = NO_PARAMETERS


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
    text: HuntId | None = None
    """Also stream the text of this hunt while it is written, as events `hunt.text`."""
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


class EstimatePayload(JudgedRequest):
    """A run that may be started, with the parameters of its models and of its judge."""

    models: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=MAX_MODELS)]
    hunts: Annotated[int, Field(ge=1, le=MAX_HUNTS)] = 8
    confirm: ConfirmRequest = NO_SECOND_OPINIONS
    """Second opinions of other judges."""
    allocation: Allocation = "even"
    """As in a run. An adaptive run costs at least and at most what it would if the cheapest or the most expensive model
    got every hunt that is drawn."""


class ExportQuery(Order):
    hunt_ids: str | None = None
    """Hunt IDs, comma-separated, in slot order."""
    criteria: CriteriaForm = "kept"
    """array: writes the criteria as a JSON array that other readers take, too."""


class TasksQuery(Order):
    q: Annotated[str, Field(max_length=200)] = ""
    """Words that the task (name, prompt, criteria, response, models) or one reply contains; the last may be begun."""
    state: Annotated[str, Field(max_length=100)] = ""
    """draft, checked, hunting, to_review, revealed, delivered; several comma-separated. Empty: all."""
    archived: bool = False
    """The archived tasks instead of the others."""
    owner: Annotated[str, Field(max_length=200, pattern=WITHOUT_NUL)] = ""
    """Admins: somebody else's tasks; `*`: everyone's. Empty: your own, without a sign-in everyone's."""
    after: Annotated[str, Field(max_length=200, pattern=WITHOUT_NUL)] = ""
    """The `next` of the page before."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class ModelsQuery(Order):
    q: Annotated[str, Field(max_length=200)] | None = None
    """Words that the model's name must contain, in any order. Searches the providers' own lists too."""
    limit: Annotated[int, Field(ge=1, le=MAX_FOUND)] | None = None
    """Maximum models of a search; default 50."""


class ModelQuery(Order):
    model: Annotated[str, Field(min_length=1, max_length=200)]
    """provider/model ID."""


class JudgesQuery(Order):
    first: ModelName = ""
    """The judge that a second one is recommended for. Empty: the default judge."""


class MarkdownPayload(Order):
    """A text to preview."""

    text: Annotated[str, Field(max_length=1_000_000)]


class SignInPayload(Order):
    token: Annotated[str, Field(max_length=1000)]
    """The token from `python -m core token`."""
