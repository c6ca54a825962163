"""The records of the telemetry log. Envelope: {"ts", "type", "schema", "data"}; `ts` is UTC, ISO 8601.

Field names follow OpenTelemetry's GenAI conventions where they exist, in short form. Every record contains what the
dashboard groups by, so common queries need no joins.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.domain.value import Value

SCHEMA = 1
VerdictSource = Literal["again", "opinion", "drift"]
"""`again`: a person had a reply judged again; `opinion`: a second opinion; `drift`: `judges rejudge`, which changes no
session."""


class HuntRecord(Value):
    """Type `hunt`: one hunt ended."""

    session: str
    """A short hash of the session's id: enough to group by, not enough to open the session."""
    run_id: str
    hunt_id: str
    number: int
    notebook: str
    task_id: str
    domain: str
    taxonomy: str
    model: str
    provider: str
    judge_model: str
    simulated: bool
    outcome: str
    passed: int
    criteria: int
    verdicts: dict[str, str]
    error: str | None = None
    error_message: str | None = None
    cost_usd: float | None = None
    """Cost of the target's reply only; None: unknown, which is not 0."""
    judge_cost_usd: float | None = None
    """Known cost of all judge calls on this reply."""
    cache_input_tokens: int | None = None
    """Input tokens of the calls, of target and judge, that report cached tokens."""
    cached_tokens: int | None = None
    """How many of them came from a provider's prompt cache."""
    cache_saved_usd: float | None = None
    confidence: float | None = None
    """Mean confidence of the verdicts whose API gave one."""
    confident_verdicts: int | None = None
    """How many verdicts that were."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency_ms: float | None = None
    first_token_ms: float | None = None
    duration_ms: float | None = None
    """From the start of the call to the last verdict."""
    excerpt: str = ""
    """The first characters of the reply, for finding it."""
    task: str = ""
    """A short hash of prompt, response, criteria and judge prompts: verdicts are comparable within one task only."""
    reply_mark: str = ""
    """A short hash of the whole reply: equal hashes mean equal replies."""
    blind: bool = False
    """The session is blind: no verdicts of this hunt are shown before its review is in the log."""
    trainer: str = ""
    """The trainer's name, if sessions have owners."""
    reply: str = ""
    """The reply up to TELEMETRY_REPLY_CHARS, for searching."""
    reply_chars: int = 0
    """Length of the whole reply."""
    cut_off: bool = False
    """The reply stopped at an output limit."""
    round: int = 0
    """Number of earlier judgings of its reply."""
    label: str = ""
    """The name of the run's entry, where the model has parameters; "" for the model's name."""
    target: str = ""
    """The ID of the model with its parameters; "" without parameters."""
    parameters: str = ""
    """The parameters as JSON; "" without."""
    upstream: str = ""
    """The upstream that answered, where a gateway names it."""
    system_fingerprint: str = ""
    confirmation: str = ""
    """What second opinions make of the outcome; "" if none was asked for."""
    votes: dict[str, dict[str, str]] = Field(default_factory=dict)
    """The verdicts of other judges: by judge (its model, and its target's ID where it has parameters), then by
    criterion."""
    opinion_steps: int = 0
    """Grows with each second opinion. Of repeated records the one with the highest number counts."""
    claim: int = 0
    """The fencing number of the claim under which it ended; 0 without claims. Of records that
    are equal otherwise the one with the highest number counts."""
    judge_prompt: str = ""
    """A hash of how the judge was asked (`prompt_hash`); "" in logs of older versions: unknown."""
    judge_parameters: str = ""
    """The judge's parameters as JSON; "" without."""
    pass_rule: str = ""
    """`majority` or `all`; "" in logs of older versions."""
    verdict_usd: float | None = None
    """Mean cost of the verdicts whose cost is known."""
    verdict_ms: float | None = None
    """Mean latency of the verdicts for which the judge was called."""
    allocation: str = ""
    """`uniform` or `adaptive`: the share of an adaptive run that it belongs to. Break rates leave `adaptive` out."""


class CallRecord(Value):
    """Type `call`: one HTTP call to a provider ended, successfully or not."""

    session: str
    provider: str
    model: str
    purpose: Literal["target", "judge"]
    simulated: bool
    ok: bool
    error: str | None = None
    status: int | None = None
    wait_ms: float
    """Time in the queue for a slot."""
    latency_ms: float
    cost_usd: float | None = None
    upstream: str = ""
    """As in HuntRecord."""


class RunRecord(Value):
    """Type `run`: a run started or ended."""

    session: str
    run_id: str
    status: str
    models: tuple[str, ...]
    judge_model: str
    hunts: int
    broke: int = 0
    held: int = 0
    undetermined: int = 0
    error: int = 0
    cancelled: int = 0
    cost_usd: float | None = None
    duration_s: float | None = None
    notebook: str = ""
    task: str = ""
    """As in HuntRecord."""
    criterion_texts: dict[str, str] = Field(default_factory=dict)
    """The beginning of each criterion's text by id, so that tables can show more than `C3`."""
    labels: tuple[str, ...] = ()
    """The names of its entries, where one has parameters."""
    reason: str = ""
    """Why it ended early, as a message."""
    fixed_size: bool = False
    """It ended by itself after a number of hunts that was fixed at its start, so its rate has Wilson's interval."""
    allocation: str = ""
    """`even` or `adaptive`; "" in logs of older versions: even."""


class SessionRecord(Value):
    """Type `session`: a session was created, exported or deleted."""

    session: str
    action: Literal["created", "exported", "deleted", "checked"]
    notebook: str = ""
    criteria: int = 0
    detail: str = ""
    trainer: str = ""


class ReviewRecord(Value):
    """Type `review`: the trainer's verdicts on one selected hunt, written at the reveal, when they are final."""

    session: str
    run_id: str
    hunt_id: str
    notebook: str
    task: str
    """As in HuntRecord."""
    model: str
    judge_model: str
    simulated: bool
    blind: bool
    """Whether the reviewer had not seen the judge's verdicts; only then does agreement mean something."""
    human: dict[str, str]
    """PASS or FAIL by criterion."""
    judge: dict[str, str]
    """The judge's verdicts on the same reply, including UNDETERMINED."""
    human_outcome: str
    judge_outcome: str
    label: str = ""
    """As in HuntRecord."""
    trainer: str = ""
    judge_prompt: str = ""
    """As in HuntRecord."""
    judge_parameters: str = ""
    pass_rule: str = ""
    """As in HuntRecord."""
    audit: bool = False
    """The hunt was drawn at random, for the review of held hunts; otherwise a person chose it."""
    other_judges: dict[str, str] = Field(default_factory=dict)
    """The model by criterion, where another judge than `judge_model` gave the verdict."""


class VerdictRecord(Value):
    """Type `verdict`: one verdict on a reply that had been judged before."""

    session: str
    run_id: str
    hunt_id: str
    criterion: str
    verdict: str
    source: VerdictSource
    round: int
    """Number of earlier judgings; of `drift` the time at which it began, in seconds since 1970."""
    judge_model: str
    judge_prompt: str
    judge_parameters: str
    simulated: bool
    """As in HuntRecord: the reply's model."""
    notebook: str
    task: str
    model: str
    reply_mark: str
    blind: bool = False
    error: str | None = None
    """The code, if the judge's call failed."""
    verdict_usd: float | None = None
    verdict_ms: float | None = None
    """Of this verdict. None: unknown, or the judge was not called."""
    label: str = ""
    trainer: str = ""


class TaskRecord(Value):
    """Type `task`: what a judge needs to judge the replies of a reviewed task again; written at the reveal, unless the
    log has no replies (TELEMETRY_REPLY_CHARS=0)."""

    session: str
    task: str
    """As in HuntRecord."""
    content: str
    """The task without its metadata, and the earlier turns, as JSON."""


class ProcessRecord(Value):
    """Type `process`: a process started or stopped; `dropped` counts records that never reached the log."""

    action: Literal["started", "stopped"]
    instance: str
    version: str
    dropped: int = 0


Record = HuntRecord | CallRecord | RunRecord | SessionRecord | ReviewRecord | VerdictRecord | TaskRecord | ProcessRecord
TYPES: dict[type, str] = {
    HuntRecord: "hunt",
    CallRecord: "call",
    RunRecord: "run",
    SessionRecord: "session",
    ReviewRecord: "review",
    VerdictRecord: "verdict",
    TaskRecord: "task",
    ProcessRecord: "process",
}
