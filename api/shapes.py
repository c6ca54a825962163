"""Response shapes, for the OpenAPI description and for tests that compare real responses with it.

They neither validate nor serialise at run time: core.hunting.views builds the responses and orjson serialises them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict

from api.agreement_shapes import AgreementShape, ComparisonShape, Shape
from core.domain.hunt import HuntError, HuntStatus
from core.domain.run import RunStatus
from core.domain.session import CheckStatus, Visibility
from core.domain.task import PassRule
from core.domain.verdict import Outcome, Verdict
from core.notebooks.examples import Example
from core.providers.catalog import ModelRow, ProviderRow


class ErrorShape(Shape):
    code: str
    """Stable; for programs."""
    message: str
    """What happened, to what."""
    hint: str
    """What to do."""
    details: dict[str, Any]


class ErrorAnswer(Shape):
    """The shape of every error."""

    error: ErrorShape


class WhoAnswer(Shape):
    name: str
    """"" if not signed in, or without a sign-in."""
    scope: Literal["trainer", "admin", ""]
    sign_in: bool
    """Whether this server requires sign-in."""


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
    """Changes with everything a verdict depends on."""
    prompt_words: int
    missing_criteria: list[str]
    """IDs of loaded criteria that have been removed since."""
    huntable: bool
    problems: list[str]
    """Reasons why it cannot be hunted yet."""


class WarningShape(Shape):
    code: str
    message: str
    cell: int | None
    """Index of the notebook's cell, from 0."""


class OpenedAnswer(Shape):
    """The new session, or the one created with the same Idempotency-Key."""

    session_id: str
    also_open: bool
    """The same task is open in another session."""
    task: TaskShape
    warnings: list[WarningShape]


class BareVerdictShape(Shape):
    """A verdict while others are still pending."""

    criterion_id: str
    verdict: Verdict
    reason: str
    evidence: str


class VerdictShape(BareVerdictShape):
    judge_model: str
    judge_text: str
    """The judge's raw answer if it is unusable."""
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
    task_hash: str
    """Hash of the checked task; empty before the first check."""
    judge_model: str
    verdicts: list[VerdictShape]
    flips: dict[str, int]
    """Per criterion: how often the verdict changed for the same task."""
    error: str
    started_at: datetime | None
    finished_at: datetime | None


class CheckAnswer(Shape):
    """The current reference check; its progress arrives as events."""

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
    """Over decided hunts (broke and held); null if there are none."""
    cost_usd: float | None
    """Targets and judge; while sealed, targets only."""
    judge_cost_usd: float | None
    """null while sealed."""
    replies: int
    """Hunts that count as attempts."""
    unknown_costs: int
    """Finished calls of unknown cost; while sealed, target calls only."""


class RunShape(Shape):
    """A run with its counts."""

    run_id: str
    status: RunStatus
    turn: int
    hunts: int
    models: list[str]
    judge_model: str
    first_number: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    simulated: bool
    stop: dict[str, Any]
    """The stop rule: {"rule": "all"}, {"rule": "breaks", "breaks"} or {"rule": "cost", "cost_usd"}."""
    stop_reason: str
    retry_of: str | None
    """The run whose failed hunts this run retries."""
    check_overridden: bool
    task_hash: str
    counts: CountsShape
    eta_s: float | None


class RunAnswer(Shape):
    """The new run, or the one started with the same Idempotency-Key."""

    run_id: str
    run: RunShape


class SettingsShape(Shape):
    visibility: Visibility
    require_check: bool
    judge_cut_replies: bool
    """Replies cut off at an output limit are judged; otherwise they are errors (`output_limit`)."""
    slots: int
    least_breaks: int
    fixed: bool
    """A run has started, so visibility is fixed."""


class TurnShape(Shape):
    number: int
    prompt: str
    response: str
    criteria: list[CriterionShape]
    selected_hunt_id: str
    selected_response: str
    hunts: int
    counts: CountsShape


class SelectionShape(Shape):
    hunt_ids: list[str]
    slots: int
    least_breaks: int
    complete: bool
    problems: list[str]


class ReviewShape(Shape):
    hunt_id: str | None = None
    """Omitted while the verdicts are sealed."""
    card_id: str | None = None
    """While sealed, omitted from the response to a selection, and from the snapshot if one hunt is selected; see the
    desk."""
    verdicts: dict[str, Literal["PASS", "FAIL"]]
    explanation: str
    words: int
    complete: bool
    problems: list[str]
    score: int | None
    saved_at: datetime


class SessionAnswer(Shape):
    """The snapshot: everything the page shows but the hunts."""

    session_id: str
    version: int
    name: str
    created_at: datetime
    visibility: Visibility
    sealed: bool
    """Blind and not revealed: responses contain outcomes but no verdicts."""
    revealed: bool
    revealed_at: datetime | None
    require_check: bool
    judge_cut_replies: bool
    """Replies cut off at an output limit are judged; otherwise they are errors (`output_limit`)."""
    settings: SettingsShape
    expires_in_s: float
    task: TaskShape
    warnings: list[WarningShape]
    loaded_criteria: list[CriterionShape]
    """As they were in the notebook."""
    proposed_criteria: list[CriterionShape]
    """Recovered from broken JSON; not part of the task until saved with PATCH."""
    slots: list[SlotShape]
    attempts_before: int
    attempts_made: int
    check: CheckShape
    runs: list[RunShape]
    counts: CountsShape
    """Of this turn's runs."""
    total_counts: CountsShape
    """Of all turns."""
    trials: CountsShape
    """Trials, which no other counts include."""
    turn: int
    turns: list[TurnShape]
    """Earlier turns, read-only."""
    selection: SelectionShape
    reviews: list[ReviewShape]
    """Reviews of the selected hunts, including drafts, in the desk's order."""
    can_reveal: bool
    reveal_problems: list[str]
    agreement: AgreementShape | None
    """After reveal."""
    comparison: ComparisonShape
    """Of the selection."""
    default_judge: str
    last_event_id: str


class UsageShape(Shape):
    input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None


class HuntShape(Shape):
    hunt_id: str
    kind: Literal["hunt", "trial"]
    number: int
    """0 for a trial."""
    trial_number: int
    """0 for a hunt."""
    turn: int
    run_id: str
    model: str
    simulated: bool
    status: HuntStatus
    outcome: Outcome | None
    judgings: int
    """How often its reply has been judged, including a judging in progress."""
    verdicts: list[VerdictShape | BareVerdictShape]
    passed: int | None
    """null while sealed; the verdicts are then empty."""
    criteria: int | None
    response: str | None
    reasoning: str | None
    excerpt: str
    finish_reason: str | None
    """As the provider reports it."""
    cut_off: bool
    """The reply stopped at an output limit and is incomplete."""
    usage: UsageShape | None
    cost_usd: float | None
    judge_cost_usd: float | None
    latency_ms: float | None
    attempts: int
    error: HuntError | None
    started_at: datetime | None
    finished_at: datetime | None
    """null while sealed if there is a reply: it would reveal how long judging took."""


class JudgingShape(Shape):
    at: datetime
    judge_model: str
    outcome: Outcome | None
    verdicts: list[VerdictShape]
    cost_usd: float | None


class HuntsAnswer(Shape):
    """A page of hunts by number."""

    hunts: list[HuntShape]
    next: int | None
    """Value of `after` for the next page; null on the last page."""


class HuntAnswer(HuntShape):
    """A complete hunt."""

    response_html: str
    """The reply as sanitised HTML."""
    judged: list[JudgingShape]
    """Earlier judgings of the reply, oldest first."""
    raw_request: str | None
    raw_reply: str | None


class EventShape(Shape):
    id: str
    type: str
    data: dict[str, Any]


class EventsAnswer(Shape):
    """Events after an ID. Each event contains the full state of its subject, so applying it twice is harmless."""

    events: list[EventShape]
    last_event_id: str


class ModelEstimateShape(Shape):
    model: str
    hunts: int
    usd: float | None
    """null: unknown price."""


class EstimateAnswer(Shape):
    """The estimated cost of a run, per model and for the judge."""

    targets: list[ModelEstimateShape]
    judge: ModelEstimateShape
    words: str


class ModelsAnswer(Shape):
    """Available providers and models, and why some are unusable."""

    providers: list[ProviderRow]
    models: list[ModelRow]
    default_judge: str
    any_model: bool
    """Unlisted models are accepted too, as provider/model ID."""


class ResolvedModelAnswer(Shape):
    """The provider of a model."""

    model: str
    provider: str
    listed: bool
    near: list[str]
    """Listed models with similar names; empty if the model is listed."""


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


class MarkdownAnswer(Shape):
    html: str
    """Sanitised: no scripts, styles or images."""
