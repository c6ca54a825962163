"""OpenAI's differences from the shared dialect."""

from __future__ import annotations

from typing import Any

from core.providers.base import ChatRequest
from core.providers.openai_compatible import OpenAICompatible

REASONING_FAMILIES = ("gpt-5", "o1", "o3", "o4")
"""These models reject a temperature."""


class OpenAI(OpenAICompatible):
    price_list = "openai"
    unopened_think_tag = False
    output_limit_field = "max_completion_tokens"

    def body(self, request: ChatRequest) -> dict[str, Any]:
        body = super().body(request)
        if request.model.startswith(REASONING_FAMILIES):
            body.pop("temperature", None)
        return body
