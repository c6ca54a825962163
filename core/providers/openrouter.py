"""OpenRouter's differences from the shared dialect.

It reports costs on request, forwards upstream errors in responses of status 200, and names the upstream provider in the
error's metadata.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.domain.parameters import Parameters, Reasoning
from core.providers.base import ChatRequest
from core.providers.causes import Cause
from core.providers.openai_compatible import OpenAICompatible
from core.providers.problem import Problem
from core.providers.unsupported_parameters import ParameterSupport

LISTED_NAMES = {
    "temperature": "temperature", "top_p": "top_p", "max_output_tokens": "max_tokens", "reasoning": "reasoning",
    "seed": "seed", "stop": "stop",
}  # fmt: skip
"""Parameters by their names in the list of models; the list does not name service tiers."""
MAY_IGNORE = ("temperature", "top_p", "max_output_tokens", "reasoning", "seed", "stop", "service_tier")


EXPLICIT_CACHES = ("anthropic/",)
"""Models whose prompts are cached only up to a mark in the messages. Storing a prompt costs a quarter more than sending
it, so the mark is set only where other requests follow."""


class OpenRouter(OpenAICompatible):
    price_list = "openrouter"

    def body(self, request: ChatRequest) -> dict[str, Any]:
        body = {**super().body(request), "usage": {"include": True}}
        shared = request.shared_prefix
        if shared is not None and shared.repeated and request.model.startswith(EXPLICIT_CACHES):
            body["messages"] = _with_cache_mark(body["messages"], shared.chars)
        return body

    def optional_fields(self, request: ChatRequest) -> dict[str, Any]:
        """None but listed ones if only upstreams that support every field may answer."""
        fields, preferences = super().optional_fields(request), request.parameters.provider
        strict = preferences is not None and preferences.require_parameters
        return {} if strict and self.listed(request.model) is None else fields

    def parameter_fields(self, request: ChatRequest) -> dict[str, Any]:
        fields, preferences = super().parameter_fields(request), request.parameters.provider
        return fields if preferences is None else {**fields, "provider": preferences.model_dump(mode="json")}

    def reasoning_fields(self, reasoning: Reasoning) -> dict[str, Any]:
        return {"reasoning": reasoning.model_dump(mode="json")}

    def support(self, model: str, parameters: Parameters) -> ParameterSupport:
        """OpenRouter's list says which parameters at least one upstream of a model supports."""
        chosen = [name for name in MAY_IGNORE if getattr(parameters, name) is not None]
        listed = self.listed_parameters(model)
        ignored = [name for name in chosen if listed is not None and LISTED_NAMES.get(name, "") not in {"", *listed}]
        if parameters.provider is not None and parameters.provider.require_parameters:
            return ParameterSupport(dict.fromkeys(ignored, "is supported by no upstream of this model"))
        may_ignore = [name for name in chosen if name not in ignored]
        notes = []
        if ignored:
            notes.append(f"OpenRouter ignores {', '.join(ignored)}: no upstream of this model supports it.")
        if may_ignore:
            notes.append(
                f"OpenRouter ignores what an upstream does not support ({', '.join(may_ignore)}), "
                "unless provider.require_parameters is true."
            )
        return ParameterSupport(notes=tuple(notes), may_ignore=frozenset(chosen))

    def headers(self) -> dict[str, str]:
        return {**super().headers(), "X-Title": "Model Hunter"}

    def cause_of(self, status: int, problem: Problem) -> Cause:
        cause = super().cause_of(status, problem)
        upstream = problem.metadata.get("provider_name")
        return replace(cause, says=f"(through {upstream}) {cause.says}") if isinstance(upstream, str) else cause


def _with_cache_mark(messages: list[dict[str, Any]], chars: int) -> list[dict[str, Any]]:
    """The messages with a mark after the first `chars` characters of the first user message."""
    place = next(n for n, message in enumerate(messages) if message["role"] == "user")
    text = messages[place]["content"]
    shared = {"type": "text", "text": text[:chars], "cache_control": {"type": "ephemeral"}}
    marked = {"role": "user", "content": [shared, {"type": "text", "text": text[chars:]}]}
    return [*messages[:place], marked, *messages[place + 1 :]]
