"""Fireworks' differences from the shared dialect: reasoning ends with an unopened `</think>`; 503 is a rate limit."""

from __future__ import annotations

from core.providers import causes
from core.providers.causes import Cause
from core.providers.openai_compatible import OpenAICompatible
from core.providers.problem import Problem

BUSY, NOT_DEPLOYED = 503, 412


class Fireworks(OpenAICompatible):
    price_list = "fireworks"
    unopened_think_tag = True

    def cause_of(self, status: int, problem: Problem) -> Cause:
        if status == BUSY:
            return causes.RATE_LIMITED
        return causes.UNKNOWN_MODEL if status == NOT_DEPLOYED else super().cause_of(status, problem)
