"""OpenAI's differences from the shared dialect."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from core.domain.parameters import Parameters, Reasoning
from core.providers.base import ChatRequest
from core.providers.openai_compatible import OpenAICompatible
from core.providers.unsupported_parameters import ParameterSupport

_REASONING = re.compile(r"(gpt-[5-9](\.\d+)?|o\d)(?!.*-chat)")
"""Models that reason; they reject temperature, top_p and stop."""
_SWITCHABLE = re.compile(r"gpt-([6-9]|5\.\d)")
"""Models that reason or not (effort none); without reasoning they take a temperature."""
_NO_REASONING = re.compile(r"gpt-[34]|chatgpt-")
_EFFORTS = (
    (_SWITCHABLE, ("none", "minimal", "low", "medium", "high", "xhigh")),
    (re.compile(r"gpt-5"), ("minimal", "low", "medium", "high")),
    (re.compile(r"o\d"), ("low", "medium", "high")),
)
"""Efforts that a family may take; OpenAI itself rejects one that a single model does not have."""
_NOT_WHILE_REASONING = ("temperature", "top_p", "stop")


class OpenAI(OpenAICompatible):
    price_list = "openai"
    unopened_think_tag = False
    output_limit_field = "max_completion_tokens"

    def reasoning_fields(self, reasoning: Reasoning) -> dict[str, Any]:
        if reasoning.enabled:
            return {}  # the model's default
        return {"reasoning_effort": "none" if reasoning.off else reasoning.effort}

    def optional_fields(self, request: ChatRequest) -> dict[str, Any]:
        fields, shared = super().optional_fields(request), request.shared_prefix
        if self.reasons(request.model):
            fields.pop("logprobs", None)
        return fields if shared is None else {**fields, "prompt_cache_key": shared.key}

    def takes_temperature(self, request: ChatRequest) -> bool:
        reasoning = request.parameters.reasoning
        return not _reasons(request.model, off=reasoning is not None and reasoning.off)

    def reasons(self, model: str) -> bool:
        return _reasons(model)

    def support(self, model: str, parameters: Parameters) -> ParameterSupport:
        own, reasoning = model.removeprefix("ft:"), parameters.reasoning
        refused = dict(super().support(model, parameters).refused)
        off = reasoning is not None and reasoning.off
        if _reasons(model, off=off):
            also = " unless reasoning is off" if _SWITCHABLE.match(own) else ""
            chosen = [name for name in _NOT_WHILE_REASONING if getattr(parameters, name) is not None]
            refused |= dict.fromkeys(chosen, f"is not taken by a reasoning model{also}")
        return ParameterSupport(refused)

    def why_not_reasoning(self, model: str, reasoning: Reasoning) -> str:
        own = model.removeprefix("ft:")
        if reasoning.max_tokens is not None:
            return "takes an effort at OpenAI, not a number of tokens"
        if _NO_REASONING.match(own) or (own.startswith("gpt-5") and "-chat" in own):
            return "must be left out: this model does not reason"
        efforts = next((efforts for family, efforts in _EFFORTS if family.match(own)), None)
        effort = "none" if reasoning.off else reasoning.effort
        if efforts is None or effort is None or effort in efforts:
            return ""
        return f"cannot be {effort} for this model; it takes {', '.join(efforts)}"


@lru_cache(maxsize=1024)
def _reasons(model: str, *, off: bool = False) -> bool:
    """Whether the model is known to reason; `off`: even with reasoning switched off."""
    own = model.removeprefix("ft:")
    return _REASONING.match(own) is not None and not (off and _SWITCHABLE.match(own))
