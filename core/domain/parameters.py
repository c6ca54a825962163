"""How a model is called: the parameters of a target, all optional. Only what was chosen is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, JsonValue, field_validator, model_validator

from core.domain.value import Value, is_empty, is_none

MAX_SYSTEM_PROMPT_CHARS = 20_000
MAX_LABEL_CHARS = 80
MAX_OUTPUT_TOKENS = 10_000_000
"""Upper bound of a token limit: beyond any model's context."""
MAX_SEED = 2**53 - 1
"""Larger integers lose precision in JavaScript and other languages."""
MAX_STOPS = 4
"""As many as OpenAI takes."""
MAX_EXTRA_BODY_CHARS = 10_000
MAX_EXTRA_BODY_DEPTH = 8
NEVER_EXTRA = frozenset({"model", "messages", "stream", "stream_options"})
"""Fields of a request that `extra_body` never sets: they are the task's, or the reply could not be read."""

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]
ServiceTier = Literal["auto", "default", "flex", "priority", "scale"]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=50)]


def option(**limits: Any) -> Any:
    """A field that may be left out; then it is in no JSON of the value."""
    return Field(default=None, exclude_if=is_none, **limits)


def _without_sign_of_zero(number: float | None) -> float | None:
    """-0.0 is 0.0: an editor of notebooks writes both as 0."""
    return None if number is None else number + 0.0


Decimal = Annotated[float | None, AfterValidator(_without_sign_of_zero)]


class Reasoning(Value):
    """How much the model reasons before it replies: exactly one of the three."""

    effort: Effort | None = option()
    max_tokens: int | None = option(ge=1, le=MAX_OUTPUT_TOKENS)
    enabled: bool | None = option()
    """false: no reasoning; true: the model's default."""

    @model_validator(mode="after")
    def _one(self) -> Reasoning:
        if len([value for value in vars(self).values() if value is not None]) != 1:
            raise ValueError("reasoning takes exactly one of effort, max_tokens and enabled")
        return self

    @property
    def off(self) -> bool:
        return self.enabled is False or self.effort == "none"


class UpstreamPreferences(Value):
    """Which upstreams OpenRouter may route a call to. Names are OpenRouter's own."""

    order: Names | None = option()
    """Upstreams to try, in this order."""
    only: Names | None = option()
    """No other upstream than these."""
    ignore: Names | None = option()
    """None of these."""
    quantizations: Names | None = option()
    """Only upstreams that serve one of these: "fp8", "bf16", …"""
    allow_fallbacks: bool | None = option()
    """false: no other upstream when the first is not available."""
    require_parameters: bool | None = option()
    """true: only upstreams that support every parameter of the call; otherwise they may ignore some."""
    data_collection: Literal["allow", "deny"] | None = option()


class Parameters(Value):
    """How a model is called. What is left out is not sent, and the model's default applies."""

    system_prompt: str | None = option(min_length=1, max_length=MAX_SYSTEM_PROMPT_CHARS)
    temperature: Decimal = option(ge=0, le=2, allow_inf_nan=False)
    top_p: Decimal = option(ge=0, le=1, allow_inf_nan=False)
    max_output_tokens: int | None = option(ge=1, le=MAX_OUTPUT_TOKENS)
    """Reasoning included."""
    reasoning: Reasoning | None = option()
    seed: int | None = option(ge=-MAX_SEED, le=MAX_SEED)
    stop: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MAX_STOPS)] | None = option()
    """Texts at which the reply ends."""
    service_tier: ServiceTier | None = option()
    """"flex" is slower and cheaper, "priority" faster and dearer."""
    extra_body: dict[str, JsonValue] | None = option()
    """Further fields of the request, merged into it. Only those that the operator allows (EXTRA_BODY_KEYS)."""
    provider: UpstreamPreferences | None = option()
    """OpenRouter only."""

    @field_validator("extra_body")
    @classmethod
    def _fits(cls, extra: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
        if extra is None or extra == {}:
            return None
        if never := sorted(NEVER_EXTRA & extra.keys()):
            raise ValueError(f"extra_body never sets {', '.join(never)}")
        if depth_of(extra) > MAX_EXTRA_BODY_DEPTH:
            raise ValueError(f"extra_body is nested more than {MAX_EXTRA_BODY_DEPTH} levels deep")
        if not all(abs(number) <= MAX_SEED for number in _numbers(extra)):  # NaN is not either
            raise ValueError("extra_body has a number that is too large")
        if len(json.dumps(extra, allow_nan=False)) > MAX_EXTRA_BODY_CHARS:
            raise ValueError(f"extra_body has more than {MAX_EXTRA_BODY_CHARS} characters")
        return {name: _normalized(extra[name]) for name in sorted(extra)}

    @field_validator("provider")
    @classmethod
    def _preferred(cls, provider: UpstreamPreferences | None) -> UpstreamPreferences | None:
        return None if provider == UpstreamPreferences() else provider

    @property
    def rough_bytes(self) -> int:
        """Approximate size as JSON."""
        return len(self.system_prompt or "") + (len(json.dumps(self.extra_body)) if self.extra_body else 0)

    @property
    def chosen(self) -> dict[str, Any]:
        """The parameters that were chosen, as JSON values. Empty: the model's defaults."""
        return self.model_dump(mode="json")

    @property
    def canonical(self) -> str:
        """JSON that is equal for equal parameters."""
        return json.dumps(self.chosen, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


NO_PARAMETERS = Parameters()


def is_default(parameters: Parameters) -> bool:
    """Whether nothing was chosen."""
    return parameters is NO_PARAMETERS or parameters == NO_PARAMETERS


def stored_parameters() -> Any:
    """A field for parameters; none chosen leaves no trace in its JSON."""
    return Field(default=NO_PARAMETERS, exclude_if=is_default)


class Target(Value):
    """One entry of a run: a model with its parameters. The same model with two settings is two targets."""

    model: str
    """`provider/model id`."""
    label: Annotated[str, Field(max_length=MAX_LABEL_CHARS)] = Field(default="", exclude_if=is_empty)
    """The name that people see; "" for the model's name."""
    parameters: Parameters = stored_parameters()

    @property
    def target(self) -> str:
        return target_id(self.model, self.parameters)

    @property
    def name(self) -> str:
        """The name that people see."""
        return self.label or self.model


def target_id(model: str, parameters: Parameters) -> str:
    """A short ID, equal for the same model with the same parameters in every run, session and release."""
    return _plain_id(model) if is_default(parameters) else _digest(model, parameters.canonical)


@lru_cache(maxsize=1024)
def _plain_id(model: str) -> str:
    return _digest(model, "{}")


def _digest(model: str, canonical: str) -> str:
    return "t_" + hashlib.sha256(f"{model}\n{canonical}".encode(errors="surrogatepass")).hexdigest()[:10]


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _numbers(part)


def _normalized(value: JsonValue) -> JsonValue:
    """The value as any program that reads and writes JSON leaves it: keys sorted as Jupyter does, 1.0 as 1 as
    JavaScript does. Otherwise saving an export in an editor changes its checksum, and the target's ID."""
    if isinstance(value, dict):
        return {name: _normalized(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_normalized(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def depth_of(value: object) -> int:
    """How many levels of objects and lists a JSON value has."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if parts is None else 1 + max(map(depth_of, parts), default=0)
