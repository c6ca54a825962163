"""OpenRouter's differences from the shared dialect.

It reports costs on request, forwards upstream errors in responses of status 200, and names the upstream provider in the
error's metadata.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.providers.base import ChatRequest
from core.providers.causes import Cause
from core.providers.openai_compatible import OpenAICompatible
from core.providers.problem import Problem


class OpenRouter(OpenAICompatible):
    price_list = "openrouter"

    def body(self, request: ChatRequest) -> dict[str, Any]:
        return {**super().body(request), "usage": {"include": True}}

    def headers(self) -> dict[str, str]:
        return {**super().headers(), "X-Title": "Model Hunter"}

    def cause_of(self, status: int, problem: Problem) -> Cause:
        cause = super().cause_of(status, problem)
        upstream = problem.metadata.get("provider_name")
        return replace(cause, says=f"(through {upstream}) {cause.says}") if isinstance(upstream, str) else cause
