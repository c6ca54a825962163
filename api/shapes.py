"""The shapes of answers, for the OpenAPI description and for tests that hold real answers against it.

Nothing is validated or written through these at run time: core.hunting.views makes the answers and orjson writes them.
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
    """Stable; what programs compare."""
    message: str
    """What happened, to which thing."""
    hint: str
    """What you can do."""
    details: dict[str, Any]


class ErrorAnswer(Shape):
    """Every error, whatever the status."""

    error: ErrorShape


class WhoAnswer(Shape):
    name: str
    """"" when nobody is signed in, and where nobody has to be."""
    scope: Literal["trainer", "admin", ""]
    sign_in: bool
    """Whether there is a sign-in at all."""


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
    also_open: bool
    """The same task is open in another session."""
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
    task_hash: str
    """Of the task that was checked; empty before the first check."""
    judge_model: str
    verdicts: list[VerdictShape]
    flips: dict[str, int]
    """By criterion: how often the answer has changed for the same task."""
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
    """Of targets and judge; while sealed of the targets alone."""
    judge_cost_usd: float | None
    """null while sealed."""
    replies: int
    """What counts as an attempt made."""
    unknown_costs: int
    """Finished calls whose cost nobody knows; while sealed target calls alone."""


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
    """The run whose error hunts this one tries again."""
    check_overridden: bool
    task_hash: str
    counts: CountsShape
    eta_s: float | None


class RunAnswer(Shape):
    """The new run, or the one that the same Idempotency-Key started."""

    run_id: str
    run: RunShape


class SettingsShape(Shape):
    visibility: Visibility
    require_check: bool
    judge_cut_replies: bool
    """Replies that stopped at an output limit are judged; otherwise they are errors (`output_limit`)."""
    slots: int
    least_breaks: int
    fixed: bool
    """A run has begun: visibility can be changed no more."""


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
    """Left out while the judge's opinion is sealed."""
    card_id: str | None = None
    """Left out, while the judge's opinion is sealed, of the answer to a selection and of the snapshot when one hunt is
    selected: the desk has it."""
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
    """Blind and not revealed yet: of the judge's opinion only outcomes are given out."""
    revealed: bool
    revealed_at: datetime | None
    require_check: bool
    judge_cut_replies: bool
    """Replies that stopped at an output limit are judged; otherwise they are errors (`output_limit`)."""
    settings: SettingsShape
    expires_in_s: float
    task: TaskShape
    warnings: list[WarningShape]
    loaded_criteria: list[CriterionShape]
    """As they were in the notebook."""
    proposed_criteria: list[CriterionShape]
    """Read by repairing broken JSON; nobody's until they are saved with PATCH."""
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
    """Of the calibration hunts, which count nowhere else."""
    turn: int
    turns: list[TurnShape]
    """Earlier turns, read-only."""
    selection: SelectionShape
    reviews: list[ReviewShape]
    """Of the selected hunts, drafts too, as their cards lie on the desk."""
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
    """How often its reply has been judged, the judging that goes on included."""
    verdicts: list[VerdictShape | BareVerdictShape]
    passed: int | None
    """null while the judge's opinion is sealed; the verdicts are empty then."""
    criteria: int | None
    response: str | None
    reasoning: str | None
    excerpt: str
    finish_reason: str | None
    """The provider's own word."""
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
    """null while the judge's opinion is sealed and there is a reply: it would tell how long the judge took."""


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
    """What to give as `after` for the next page; null at the end."""


class HuntAnswer(HuntShape):
    """One hunt whole."""

    response_html: str
    """The reply as sanitised HTML."""
    judged: list[JudgingShape]
    """What was replaced when the reply was judged again, oldest first."""
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


class ModelEstimateShape(Shape):
    model: str
    hunts: int
    usd: float | None
    """null: its price is not known."""


class EstimateAnswer(Shape):
    """What a run would cost, the models and the judge apart."""

    targets: list[ModelEstimateShape]
    judge: ModelEstimateShape
    words: str


class ModelsAnswer(Shape):
    """What can be chosen, and why something cannot."""

    providers: list[ProviderRow]
    models: list[ModelRow]
    default_judge: str
    any_model: bool
    """Models that are not listed may be named too: provider/model id."""


class ResolvedModelAnswer(Shape):
    """Who answers for a model."""

    model: str
    provider: str
    listed: bool
    near: list[str]
    """Listed models whose names are nearly this one's; none when it is listed itself."""


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
    """Sanitised: no scripts, no styles, no pictures."""
