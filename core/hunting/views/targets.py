"""The JSON of a target: a model with its parameters."""

from __future__ import annotations

from typing_extensions import TypedDict

from core.domain.parameters import Parameters, Target

MAX_PROMPT_CHARS = 160
"""Of a system prompt where texts are left out."""


class TargetView(TypedDict):
    target: str
    """ID of the model with its parameters: the same in every run."""
    model: str
    label: str
    """The name that people see; the model's name if it has no label of its own."""
    parameters: Parameters
    """Only what was chosen."""


def target_view(target: Target, *, texts: bool) -> TargetView:
    return {
        "target": target.target,
        "model": target.model,
        "label": target.name,
        "parameters": target.parameters if texts else without_long_prompt(target.parameters),
    }


def without_long_prompt(parameters: Parameters) -> Parameters:
    """Return the parameters with no more than the beginning of a system prompt."""
    prompt = parameters.system_prompt
    if prompt is None or len(prompt) <= MAX_PROMPT_CHARS:
        return parameters
    return parameters.model_copy(update={"system_prompt": f"{prompt[:MAX_PROMPT_CHARS]}…"})
