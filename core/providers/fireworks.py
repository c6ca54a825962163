"""Fireworks: what is different from the shared dialect. Reasoning ends with a lone `</think>`; 503 is a rate limit."""

from __future__ import annotations

from core.providers import faults
from core.providers.faults import Cause, Problem
from core.providers.openai_compatible import OpenAICompatible

BUSY, NOT_DEPLOYED = 503, 412


class Fireworks(OpenAICompatible):
    price_list = "fireworks"
    lone_close = True

    def cause_of(self, status: int, problem: Problem) -> Cause:
        if status == BUSY:
            return faults.RATE_LIMITED
        return faults.UNKNOWN_MODEL if status == NOT_DEPLOYED else super().cause_of(status, problem)
