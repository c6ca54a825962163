"""Fireworks' differences from the shared dialect: reasoning ends with an unopened `</think>`; 503 is a rate limit."""

from __future__ import annotations

from typing import Any

from core.domain.parameters import Parameters, Reasoning
from core.providers import causes
from core.providers.causes import Cause
from core.providers.openai_compatible import OpenAICompatible
from core.providers.problem import Problem
from core.providers.unsupported_parameters import ParameterSupport

TIERS = (None, "default", "priority")
BUSY, NOT_DEPLOYED = 503, 412


class Fireworks(OpenAICompatible):
    price_list = "fireworks"
    unopened_think_tag = True

    def reasoning_fields(self, reasoning: Reasoning) -> dict[str, Any]:
        """Fireworks takes an effort, a number of reasoning tokens or a switch in one field."""
        return {"reasoning_effort": next(value for value in vars(reasoning).values() if value is not None)}

    def why_not_reasoning(self, _model: str, _reasoning: Reasoning) -> str:
        return ""

    def support(self, model: str, parameters: Parameters) -> ParameterSupport:
        refused = dict(super().support(model, parameters).refused)
        if parameters.service_tier not in TIERS:
            refused["service_tier"] = "can only be priority or default at Fireworks"
        return ParameterSupport(refused)

    def cause_of(self, status: int, problem: Problem) -> Cause:
        if status == BUSY:
            return causes.RATE_LIMITED
        return causes.UNKNOWN_MODEL if status == NOT_DEPLOYED else super().cause_of(status, problem)
