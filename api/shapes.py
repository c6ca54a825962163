"""The shapes of answers, for the OpenAPI description and for tests that hold real answers against it.

Nothing is validated or written through these at run time: answers are made by core.hunt.views and written by orjson.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.domain.hunt import HuntError, HuntStatus
from core.domain.run import RunStatus
from core.domain.session import CheckStatus, Selection, Visibility
from core.domain.task import PassRule
from core.domain.verdict import Outcome, Verdict
from core.notebooks.examples import Example
from core.providers.catalog import ModelRow, ProviderRow


class Shape(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class ErrorShape(Shape):
    code: str
    """Stable; what programs compare."""
    message: str
    """What happened, to which thing."""
    hint: str
    """What you can do."""
    details: dict[str, Any]


class ErrorAnswer(Shape):
    """Every error, whatever the status."""

    error: ErrorShape


class CriterionShape(Shape):
    id: str
    text: str


class TaskShape(Shape):
    prompt: str
    response: str
    """The reference response."""
    criteria: list[CriterionShape]
    pass_rule: PassRule
    judge_system_prompt: str
    judge_prompt_template: str
    metadata: dict[str, str]
    hash: str
    """Changes with everything that a verdict depends on."""
    prompt_words: int
    missing_criteria: list[str]
    """Ids that were loaded and have been removed since."""
    huntable: bool
    problems: list[str]
    """Why it cannot be hunted yet."""


class WarningShape(Shape):
    code: str
    message: str
    cell: int | None
    """Index of the notebook's cell, from 0."""


class OpenedAnswer(Shape):
    """The new session, or the one that the same Idempotency-Key made."""

    session_id: str
    task: TaskShape
    warnings: list[WarningShape]


class BareVerdictShape(Shape):
    """A verdict while the others are on their way."""

    criterion_id: str
    verdict: Verdict
    reason: str
    evidence: str


class VerdictShape(BareVerdictShape):
    judge_model: str
    judge_text: str
    """The judge's own words when they could not be used."""
    error: str
    cost_usd: float | None
    latency_ms: float


class GradeShape(Shape):
    criterion_id: str
    verdict: str


class GradingShape(Shape):
    verdicts: list[GradeShape]
    score: int | None
    explanation: str


class SlotShape(Shape):
    number: int
    model: str
    filled: bool
    response: str
    reasoning: str
    llm_judge: GradingShape | None
    human_judge: GradingShape | None


class CheckShape(Shape):
    status: CheckStatus
    stale: bool
    """The task has been edited since."""
    judge_model: str
    verdicts: list[VerdictShape]
    error: str
    started_at: datetime | None
    finished_at: datetime | None


class CheckAnswer(Shape):
    """The reference check as it stands; its progress arrives as events."""

    check: CheckShape


class CountsShape(Shape):
    total: int
    queued: int
    calling: int
    judging: int
    done: int
    broke: int
    held: int
    undetermined: int
    error: int
    cancelled: int
    interrupted: int
    break_rate: float | None
    """Over decided hunts (broke and held); null when there are none."""
    cost_usd: float | None
    judge_cost_usd: float | None
    replies: int
    """What counts as an attempt made."""
    unknown_costs: int
    """Finished calls whose cost nobody knows."""


class RunShape(Shape):
    """A run with its counts."""

    run_id: str
    status: RunStatus
    hunts: int
    models: list[str]
    judge_model: str
    first_number: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    simulated: bool
    stop_reason: str
    check_overridden: bool
    task_hash: str
    counts: CountsShape
    eta_s: float | None


class RunAnswer(Shape):
    """The new run, or the one that the same Idempotency-Key started."""

    run_id: str
    run: RunShape


class SessionAnswer(Shape):
    """The snapshot: everything the page shows but the hunts."""

    session_id: str
    version: int
    name: str
    created_at: datetime
    visibility: Visibility
    require_check: bool
    expires_in_s: float
    task: TaskShape
    warnings: list[WarningShape]
    proposed_criteria: list[CriterionShape]
    """Read by repairing broken JSON; nobody's until they are saved with PATCH."""
    slots: list[SlotShape]
    attempts_before: int
    attempts_made: int
    check: CheckShape
    runs: list[RunShape]
    counts: CountsShape
    selection: Selection
    default_judge: str
    last_event_id: str


class UsageShape(Shape):
    input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None


class HuntShape(Shape):
    hunt_id: str
    number: int
    run_id: str
    model: str
    simulated: bool
    status: HuntStatus
    outcome: Outcome | None
    verdicts: list[VerdictShape | BareVerdictShape]
    passed: int
    criteria: int
    response: str | None
    reasoning: str | None
    excerpt: str
    finish_reason: str | None
    usage: UsageShape | None
    cost_usd: float | None
    judge_cost_usd: float | None
    latency_ms: float | None
    attempts: int
    error: HuntError | None
    started_at: datetime | None
    finished_at: datetime | None


class HuntsAnswer(Shape):
    """A page of hunts by number."""

    hunts: list[HuntShape]
    next: int | None
    """What to give as `after` for the next page; null at the end."""


class HuntAnswer(HuntShape):
    """One hunt whole."""

    response_html: str
    """The reply as sanitised HTML."""
    raw_request: str | None
    raw_reply: str | None


class EventShape(Shape):
    id: str
    type: str
    data: dict[str, Any]


class EventsAnswer(Shape):
    """Events after an id. Each carries the whole state of what changed: applying one twice is harmless."""

    events: list[EventShape]
    last_event_id: str


class ModelsAnswer(Shape):
    """What can be chosen, and why something cannot."""

    providers: list[ProviderRow]
    models: list[ModelRow]
    default_judge: str
    any_model: bool
    """Models that are not listed may be named too: provider/model id."""


class ExamplesAnswer(Shape):
    """The example tasks."""

    examples: list[Example]


class StateAnswer(Shape):
    """alive; ready or draining."""

    status: str


class OpenApiAnswer(Shape):
    """This description."""

    model_config = ConfigDict(extra="allow")
    openapi: str
