"""A role: everything that one simulated model does, as numbers. `docs/simulated.md` lists every field."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.domain.value import Value

Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Milliseconds = Annotated[float, Field(ge=0, le=3_600_000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False)]

ReasoningForm = Literal["none", "field", "content_field", "details", "think_tag", "lone_close_tag"]
JudgeForm = Literal["mixed", "plain", "pretty", "fence", "around", "status", "result", "grading", "corrected"]
FirstCall = Literal[
    "ok",
    "rate_limited",
    "rate_limited_bare",
    "server_error",
    "overloaded",
    "error_in_200",
    "error_mid_stream",
    "empty_reply",
    "cut_stream",
    "silent",
    "slow",
]

FAILURE_RATES = (
    "rate_limited",
    "rate_limited_bare",
    "server_error",
    "overloaded",
    "error_in_200",
    "error_mid_stream",
    "empty_reply",
    "cut_stream",
    "silent",
    "slow",
)


class Role(Value):
    seed: int = 1
    """One seed replays one run."""

    # -- how long it takes
    target_latency_ms: Milliseconds = 400.0
    """Until the first byte of a reply, as of the reference workload (docs: performance)."""
    judge_latency_ms: Milliseconds = 100.0
    latency_spread: Rate = 0.0
    """Share of the latency by which it varies, both ways; 0: exact."""
    chunk_chars: Annotated[int, Field(ge=1, le=100_000)] = 24
    """Characters of text in one streamed chunk. Small ones cut tags and words."""
    chunk_pause_ms: Milliseconds = 0.0

    # -- how well it answers
    break_rate: Rate = 0.35
    """Chance that a reply fails a criterion; for every criterion on its own."""
    break_rates: dict[str, Rate] = Field(default_factory=dict)
    """The same for single criteria by id: {"C1": 0.9}."""
    reasoning: ReasoningForm = "none"
    """How the reasoning trace travels; none: there is no trace."""

    # -- what goes wrong: shares of all calls, together at most 1
    rate_limited: Rate = 0.0
    rate_limited_bare: Rate = 0.0
    server_error: Rate = 0.0
    overloaded: Rate = 0.0
    error_in_200: Rate = 0.0
    error_mid_stream: Rate = 0.0
    empty_reply: Rate = 0.0
    cut_stream: Rate = 0.0
    silent: Rate = 0.0
    slow: Rate = 0.0
    retry_after_s: Seconds = 1.0
    """What Retry-After says."""
    silent_s: Seconds = 600.0
    """How long a silent call is held open; then the connection is closed."""
    slow_chunk_ms: Milliseconds = 250.0
    """Pause between the chunks of a slow reply."""
    first_calls: tuple[FirstCall, ...] = ()
    """What the first calls of every conversation do: ["rate_limited", "ok"]. After them the rates decide."""

    # -- how it judges
    judge_form: JudgeForm = "mixed"
    """The form of its verdicts; mixed: all of them in turn."""
    judge_broken: Rate = 0.0
    """Share of verdicts that nobody can use."""
    judge_flip: Rate = 0.0
    """Share of verdicts that say the opposite of what the judge saw."""

    # -- whom it turns away (over HTTP)
    bad_keys: tuple[str, ...] = ("bad-key",)
    """Keys that are answered with 401."""
    unknown_models: tuple[str, ...] = ("no-such-model",)
    """Model names that are answered with 404."""

    @model_validator(mode="after")
    def _rates_fit(self) -> Role:
        together = sum(getattr(self, name) for name in FAILURE_RATES)
        if together > 1 + 1e-9:
            raise ValueError(f"the failure rates add up to {together:g}; together they may be at most 1")
        return self

    def break_rate_of(self, criterion_id: str) -> float:
        return self.break_rates.get(criterion_id, self.break_rate)
