"""The script: how each simulated model behaves. `docs/simulated.md` lists every field and every model."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from core.domain.value import Value
from core.errors import BadSettings
from core.simulator.faults import Fault

Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Milliseconds = Annotated[float, Field(ge=0, le=3_600_000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False)]
Price = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
ReasoningForm = Literal["none", "field", "content_field", "details", "think_tag", "lone_close_tag"]
JudgeForm = Literal["mixed", "plain", "pretty", "fence", "around", "status", "result", "grading", "corrected"]

FAULT_RATES = tuple(fault.value for fault in Fault if fault is not Fault.NONE)


class Behavior(Value):
    """Everything that one simulated model does, as numbers."""

    seed: int = 1
    target_latency_ms: Milliseconds = 400.0
    """Until the first byte of a reply; the default is that of the reference workload (docs/measurements.md)."""
    judge_latency_ms: Milliseconds = 100.0
    latency_spread: Rate = 0.0
    """Share of the latency by which it varies, both ways; 0: exact."""
    chunk_chars: Annotated[int, Field(ge=1, le=100_000)] = 24
    chunk_pause_ms: Milliseconds = 0.0

    break_rate: Rate = 0.35
    """Probability that a reply fails a criterion, for each criterion on its own."""
    break_rates: dict[str, Rate] = Field(default_factory=dict)
    """The same for single criteria by id: {"C1": 0.9}."""
    upstreams: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)] = ("Simulated",)
    """The upstreams behind the model; one of them answers each call, at random or as the call prefers."""
    reasoning: ReasoningForm = "none"
    """How the reasoning trace is sent; none: there is no trace."""

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
    """How long a silent call is held open; then the connection is closed."""
    slow_chunk_ms: Milliseconds = 250.0
    first_calls: tuple[Fault, ...] = ()
    """The faults of the first calls of every conversation: ["rate_limited", "ok"]. After them the rates decide."""

    answer_schema: Literal["enforced", "object", "refused", "ignored"] = "ignored"
    """A request's `response_format`: enforced; enforced without a schema, which gets 400; refused with 400; ignored."""
    logprobs: Literal["given", "refused", "ignored"] = "ignored"
    """A request's `logprobs`: given for verdicts, refused with 400, or ignored."""
    prompt_cache: bool = False
    """Caches the beginnings of prompts (at least 1,024 tokens, steps of 128) and reports cached tokens."""

    judge_form: JudgeForm = "mixed"
    """The form of its verdicts; mixed: a random one each time."""
    judge_broken: Rate = 0.0
    """Share of verdicts that cannot be parsed."""
    judge_flip: Rate = 0.0
    """Share of verdicts that say the opposite of what the judge found."""
    judge_shared: Rate = 1.0
    """Chance that another judge of the same seed and shares errs where one did; at least `judge_flip`: by chance."""
    judge_repeats: Rate = 1.0
    """Chance that the judge errs again where it did, when it is asked again; at least `judge_shared`."""

    judge_reads: dict[str, str] = Field(default_factory=dict)
    """Criteria that the judge misreads, by ID: the text that it judges instead."""
    edit_broken: Rate = 0.0
    """Share of answers without an edit, when the model is asked for one (two-sided check)."""

    input_usd_per_mtok: Price = 0.0
    """Over HTTP: a simulated price, in the list of models and in a reply's cost; inside the product all is free."""
    output_usd_per_mtok: Price = 0.0
    context_tokens: Annotated[int, Field(ge=1, le=100_000_000)] = 131_072
    """Over HTTP: what the list of models says; it limits nothing."""
    max_output_tokens: Annotated[int, Field(ge=1, le=100_000_000)] = 16_384

    bad_keys: tuple[str, ...] = ("bad-key",)
    """Over HTTP: keys that get 401."""
    unknown_models: tuple[str, ...] = ("no-such-model",)
    """Over HTTP: model names that get 404."""

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


@dataclass(frozen=True)
class Script:
    """The built-in models with `changes` for all models, and then with those for one model.

    Raises ValidationError if a change is not valid.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    changes_by_model: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _behaviors: Mapping[str, Behavior] = field(init=False, repr=False, compare=False)
    _default: Behavior = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        behaviors = {
            name: _change(
                _change(MODELS.get(name, DEFAULT_BEHAVIOR), self.changes), self.changes_by_model.get(name, {})
            )
            for name in dict.fromkeys((*MODELS, *self.changes_by_model))
        }
        object.__setattr__(self, "_behaviors", behaviors)
        object.__setattr__(self, "_default", _change(DEFAULT_BEHAVIOR, self.changes))

    def has(self, model: str) -> bool:
        """Whether the model is built in or named in the script."""
        return model_id(model) in self._behaviors

    @property
    def models(self) -> tuple[str, ...]:
        """The built-in models, then those that only the script names."""
        return (*MODELS, *(name for name in self._behaviors if name not in MODELS))

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
