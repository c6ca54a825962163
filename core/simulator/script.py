"""The script: how each simulated model behaves. `docs/simulated.md` lists every field and every model."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from core.domain.value import Value
from core.errors import BadSettings
from core.providers import causes

Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Milliseconds = Annotated[float, Field(ge=0, le=3_600_000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False)]
Price = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
ReasoningForm = Literal["none", "field", "content_field", "details", "think_tag", "lone_close_tag"]
JudgeForm = Literal["mixed", "plain", "pretty", "fence", "around", "status", "result", "grading", "corrected"]


class Fault(StrEnum):
    """Named like the rates in `Behavior`."""

    NONE = "ok"
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After.
    RATE_LIMITED_BARE = "rate_limited_bare"  # 429 without Retry-After.
    SERVER_ERROR = "server_error"  # 500.
    OVERLOADED = "overloaded"  # 503.
    ERROR_IN_200 = "error_in_200"  # Status 200, and an `error` object where the reply should be.
    ERROR_MID_STREAM = "error_mid_stream"  # Half of the reply, then an `error` object.
    EMPTY_REPLY = "empty_reply"  # A finished reply without text, or without choices.
    CUT_STREAM = "cut_stream"  # The connection ends before the reply says that it is finished.
    SILENT = "silent"  # The reply begins, and then no byte comes any more.
    SLOW = "slow"  # A whole reply with a pause after each chunk: not a failure, unless the caller times out.


REFUSALS = frozenset(
    {Fault.RATE_LIMITED, Fault.RATE_LIMITED_BARE, Fault.SERVER_ERROR, Fault.OVERLOADED, Fault.ERROR_IN_200}
)
"""Sent instead of a reply."""

FAILURES: dict[Fault, tuple[causes.Cause, int, str]] = {
    Fault.RATE_LIMITED: (causes.RATE_LIMITED, 429, "Simulated: too many requests, come back later."),
    Fault.RATE_LIMITED_BARE: (causes.RATE_LIMITED, 429, "Simulated: too many requests."),
    Fault.SERVER_ERROR: (causes.SERVER_ERROR, 500, "Simulated: internal error."),
    Fault.OVERLOADED: (causes.OVERLOADED, 503, "Simulated: overloaded."),
    Fault.ERROR_IN_200: (causes.SERVER_ERROR, 502, "Simulated: the upstream failed."),
    Fault.ERROR_MID_STREAM: (causes.SERVER_ERROR, 502, "Simulated: the upstream failed in the middle of the stream."),
    Fault.EMPTY_REPLY: (causes.EMPTY_REPLY, 200, ""),
    Fault.CUT_STREAM: (causes.CUT_STREAM, 200, ""),
    Fault.SILENT: (causes.SILENT, 200, ""),
}
"""The cause as the provider reports it in the process; the status and the message of the error over HTTP."""

FAULT_RATES = tuple(fault.value for fault in Fault if fault is not Fault.NONE)


class Behavior(Value):
    """Everything that one simulated model does, as numbers. docs/simulated.md says what each field means."""

    seed: int = 1
    target_latency_ms: Milliseconds = 400.0
    judge_latency_ms: Milliseconds = 100.0
    latency_spread: Rate = 0.0
    chunk_chars: Annotated[int, Field(ge=1, le=100_000)] = 24
    chunk_pause_ms: Milliseconds = 0.0

    break_rate: Rate = 0.35
    break_rates: dict[str, Rate] = Field(default_factory=dict)
    upstreams: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)] = ("Simulated",)
    reasoning: ReasoningForm = "none"

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
    silent_s: Seconds = 600.0
    slow_chunk_ms: Milliseconds = 250.0
    first_calls: tuple[Fault, ...] = ()

    answer_schema: Literal["enforced", "object", "refused", "ignored"] = "ignored"
    logprobs: Literal["given", "refused", "ignored"] = "ignored"
    prompt_cache: bool = False

    judge_form: JudgeForm = "mixed"
    judge_broken: Rate = 0.0
    judge_flip: Rate = 0.0
    judge_shared: Rate = 1.0
    judge_repeats: Rate = 1.0
    judge_reads: dict[str, str] = Field(default_factory=dict)
    edit_broken: Rate = 0.0

    # Over HTTP only:
    input_usd_per_mtok: Price = 0.0
    output_usd_per_mtok: Price = 0.0
    context_tokens: Annotated[int, Field(ge=1, le=100_000_000)] = 131_072
    max_output_tokens: Annotated[int, Field(ge=1, le=100_000_000)] = 16_384
    bad_keys: tuple[str, ...] = ("bad-key",)
    unknown_models: tuple[str, ...] = ("no-such-model",)

    @model_validator(mode="after")
    def _check_rates(self) -> Behavior:
        total = sum(getattr(self, name) for name in FAULT_RATES)
        if total > 1 + 1e-9:
            raise ValueError(f"the failure rates add up to {total:g}; together they may be at most 1")
        return self


JUDGE = "judge"
_MODELS = tomllib.loads(files("core.simulator").joinpath("models.toml").read_text(encoding="utf-8"))
DESCRIPTIONS: Mapping[str, str] = {name: row.pop("description") for name, row in _MODELS.items()}
MODELS: Mapping[str, Behavior] = {name: Behavior(**row) for name, row in _MODELS.items()}
"""The built-in models by id, without `simulated/`."""
DEFAULT_BEHAVIOR = Behavior()
"""How a model of any other name behaves over HTTP, where the server replaces a real provider."""


def model_id(model: str) -> str:
    """`simulated/hasty` and `hasty` are one model; any other name stays what it is."""
    return model.removeprefix("simulated/")


class Script:
    """The built-in models with `changes` for all models, and then with those for one model.

    Raises ValidationError if a change is not valid.
    """

    def __init__(
        self, changes: Mapping[str, Any] | None = None, changes_by_model: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        common, single = changes or {}, changes_by_model or {}
        self._default = _change(DEFAULT_BEHAVIOR, common)
        self._behaviors = {
            name: _change(_change(MODELS.get(name, DEFAULT_BEHAVIOR), common), single.get(name, {}))
            for name in dict.fromkeys((*MODELS, *single))
        }

    def has(self, model: str) -> bool:
        """Whether the model is built in or named in the script."""
        return model_id(model) in self._behaviors

    @property
    def models(self) -> tuple[str, ...]:
        """The built-in models, then those that only the script names."""
        return tuple(self._behaviors)

    def behavior_of(self, model: str) -> Behavior:
        return self._behaviors.get(model_id(model), self._default)


def _change(behavior: Behavior, changes: Mapping[str, Any]) -> Behavior:
    """A change of one fault rate replaces all of them: only the faults that the script names happen."""
    replaced = set(FAULT_RATES) if set(FAULT_RATES) & set(changes) else set()
    return Behavior.model_validate({**behavior.model_dump(exclude=replaced), **changes})


def read_script(text: str) -> Script:
    """The script in SIMULATED_SCRIPT: a JSON object with fields of Behavior, and `models` for single models:
    `{"seed": 7, "models": {"judge": {"judge_broken": 0.2}}}`. Empty text: the built-in models as they are.

    Raises BadSettings if it is not valid.
    """
    if not text.strip():
        return Script()
    try:
        changes = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad_script(f"is not JSON ({error})") from None
    if not isinstance(changes, dict):
        raise _bad_script('must be a JSON object such as {"seed": 7, "break_rate": 0.5}')
    models = changes.pop("models", {})
    if not isinstance(models, dict) or not all(isinstance(row, dict) for row in models.values()):
        raise _bad_script('"models" must hold an object of changes for each model name')
    try:
        return Script(changes, {model_id(name): row for name, row in models.items()})
    except ValidationError as error:
        raise _bad_script("; ".join(_describe(problem) for problem in error.errors())) from error


def _bad_script(problem: str) -> BadSettings:
    return BadSettings(
        f"SIMULATED_SCRIPT: {problem}.", hint="docs/simulated.md lists what a script may say.", code="bad_script"
    )


def _describe(problem: Any) -> str:
    path = ".".join(str(step) for step in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f'there is no "{path}"; known fields are {", ".join(Behavior.model_fields)}, models'
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{path}: {message}" if path else message
