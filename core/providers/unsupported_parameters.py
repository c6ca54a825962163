"""What a provider takes of a model's parameters: the rest is rejected before any call, never dropped in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.domain.parameters import Parameters
from core.errors import BadInput


@dataclass(frozen=True)
class ParameterSupport:
    """How a model of a provider takes a set of parameters."""

    refused: Mapping[str, str] = field(default_factory=dict)
    """By parameter, why the model does not take it: the end of a sentence that begins with the parameter."""
    notes: tuple[str, ...] = ()
    """Sentences about parameters that are sent or accepted, but that the provider documents to ignore."""
    may_ignore: frozenset[str] = frozenset()
    """The parameters that the notes are about."""


def refuse_unsupported(model: str, support: ParameterSupport) -> None:
    """Raise BadInput that lists every parameter that the model does not take."""
    if not support.refused:
        return
    sentences = [f"{name} {why}" for name, why in support.refused.items()]
    raise BadInput(
        f"{model} cannot be called like this: {'; '.join(sentences)}.",
        hint="Change or remove these parameters.",
        code="unsupported_parameter",
        details={"model": model, "parameters": dict(support.refused)},
    )


def refuse_extra_keys(parameters: Parameters, allowed: Iterable[str]) -> None:
    """Raise BadInput for keys of `extra_body` that the operator has not allowed."""
    if refused := sorted(set(parameters.extra_body or ()) - set(allowed)):
        listed = ", ".join(sorted(allowed)) or "none"
        raise BadInput(
            f"extra_body must not set {', '.join(refused)}.",
            hint=f"An operator allows keys with EXTRA_BODY_KEYS; allowed are: {listed}.",
            code="extra_body_key",
            details={"refused": refused, "allowed": sorted(allowed)},
        )


def refuse_above_limit(chosen: int | None, limit: int | None, setting: str) -> None:
    """Raise BadInput if a chosen output limit is above the operator's."""
    if chosen is not None and limit is not None and chosen > limit:
        raise BadInput(
            f"max_output_tokens must be at most {limit:,} here; got {chosen:,}.",
            hint=f"The operator's limit is {setting}.",
            code="output_limit_too_high",
        )
