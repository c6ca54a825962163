"""The records of the telemetry log. Envelope: {"ts", "type", "schema", "data"}; `ts` is UTC, ISO 8601.

Field names follow OpenTelemetry's GenAI conventions where they have one, in short form.
Every record carries what the dashboard groups by; a reader needs no join to answer its commonest questions.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.domain.value import Value

SCHEMA = 1


class HuntRecord(Value):
    """type `hunt`: one hunt came to its end."""

    session: str
    """A short hash of the session's id: enough to group by, not enough to get in."""
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
    """The target's reply alone; None: nobody knows, which is not 0."""
    judge_cost_usd: float | None = None
    """What is known of all judge calls on that reply."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency_ms: float | None = None
    first_token_ms: float | None = None
    duration_ms: float | None = None
    """From the call's start to the last verdict."""
    excerpt: str = ""
    """The first characters of the reply, to find it again."""
    task: str = ""
    """A short hash of prompt, response, criteria and judge prompts: verdicts compare within one task only."""
    reply_mark: str = ""
    """A short hash of the whole reply: two hunts with the same one were answered letter by letter alike."""
    blind: bool = False
    """The session is blind: nothing of this hunt's verdicts is shown before its review is in the log."""
    trainer: str = ""
    """Who hunts, where sessions carry a name."""
    reply: str = ""
    """The reply as far as TELEMETRY_REPLY_CHARS goes, to be found by any of its words."""
    reply_chars: int = 0
    """How long the whole reply is."""
    cut_off: bool = False
    """The reply stopped at an output limit."""
    round: int = 0
    """How often its reply had been judged before."""
    claim: int = 0
    """The fencing number of the claim under which it ended; 0 where nobody else could have it. The greater counts."""


class CallRecord(Value):
    """type `call`: one HTTP call to a provider ended, well or not."""

    session: str
    provider: str
    model: str
    purpose: Literal["target", "judge"]
    simulated: bool
    ok: bool
    error: str | None = None
    status: int | None = None
    wait_ms: float
    """Waited for a slot."""
    latency_ms: float
    cost_usd: float | None = None


class RunRecord(Value):
    """type `run`: a run started or ended."""

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
    """The beginning of each criterion's text by its id, so that a table need not say `C3` alone."""
    reason: str = ""
    """Why it ended before its time, in words."""


class SessionRecord(Value):
    """type `session`: a session was made, exported or deleted."""

    session: str
    action: Literal["created", "exported", "deleted", "checked"]
    notebook: str = ""
    criteria: int = 0
    detail: str = ""
    trainer: str = ""


class ReviewRecord(Value):
    """type `review`: the trainer's own verdicts on one selected hunt, written at the reveal, when they are final."""

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
    """Whether the reviewer had not seen the judge's verdicts; agreement is worth something only then."""
    human: dict[str, str]
    """PASS or FAIL by criterion."""
    judge: dict[str, str]
    """The judge's verdicts on the same reply, UNDETERMINED among them."""
    human_outcome: str
    judge_outcome: str
    trainer: str = ""


class ProcessRecord(Value):
    """type `process`: a process started or stopped; `dropped` counts records that never reached the log."""

    action: Literal["started", "stopped"]
    instance: str
    version: str
    dropped: int = 0


Record = HuntRecord | CallRecord | RunRecord | SessionRecord | ReviewRecord | ProcessRecord
TYPES: dict[type, str] = {
    HuntRecord: "hunt",
    CallRecord: "call",
    RunRecord: "run",
    SessionRecord: "session",
    ReviewRecord: "review",
    ProcessRecord: "process",
}
