"""Translates a request and its parameters to the fields of the JSON that a provider receives.

A provider's class overrides what differs. Which parameters are rejected before any call: unsupported_parameters.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from core.domain.parameters import NO_PARAMETERS, Reasoning, is_default
from core.providers.base import ChatRequest
from core.providers.model_list.entries import ListedModel
from core.providers.optional_fields import answer_fields
from core.providers.refused_fields import OUTPUT_LIMITS

SAME_NAME = ("temperature", "top_p", "seed", "stop", "service_tier")
"""Parameters that are fields of the request under their own names."""


class RequestFields:
    output_limit_field = "max_tokens"
    listed: Callable[[str], ListedModel | None]
    """What the provider's list of models says of a model."""

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """The request's JSON. The messages are sent unchanged."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": m.role, "content": m.content} for m in request.every_message],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.max_output_tokens is not None:
            body[self.output_limit_field] = request.max_output_tokens
        return body if is_default(request.parameters) else {**body, **self.parameter_fields(request)}

    def parameter_fields(self, request: ChatRequest) -> dict[str, Any]:
        """The chosen parameters as fields of the request, without the output limit and the system prompt."""
        parameters = request.parameters
        fields = {name: getattr(parameters, name) for name in SAME_NAME if getattr(parameters, name) is not None}
        if parameters.reasoning is not None:
            fields |= self.reasoning_fields(parameters.reasoning)
        return {**fields, **(parameters.extra_body or {})}

    def reasoning_fields(self, reasoning: Reasoning) -> dict[str, Any]:
        return {"reasoning_effort": reasoning.effort}

    def chosen_fields(self, request: ChatRequest) -> frozenset[str]:
        """The fields of the request that the caller chose. They are never dropped when the provider rejects them."""
        if is_default(request.parameters):
            return frozenset()
        limits = OUTPUT_LIMITS if request.parameters.max_output_tokens is not None else ()
        return frozenset((*self.parameter_fields(request), *limits))

    def optional_fields(self, request: ChatRequest) -> dict[str, Any]:
        """Fields that improve the answer where the model takes them; a model that rejects them is called without."""
        listed = self.listed_parameters(request.model)
        fields = answer_fields(request, listed)
        if request.default_parameters is not NO_PARAMETERS:
            fields |= self._default_fields(request, listed)
        return fields

    def _default_fields(self, request: ChatRequest, listed: Collection[str] | None) -> dict[str, Any]:
        """The defaults that the model may take. Reasoning is only for models that are known to reason: others may
        answer nothing."""
        defaults, chosen, fields = request.default_parameters, request.parameters, dict[str, Any]()
        temperature = defaults.temperature is not None and chosen.temperature is None
        if temperature and (listed is None or "temperature" in listed) and self.takes_temperature(request):
            fields["temperature"] = defaults.temperature
        if defaults.reasoning is not None and chosen.reasoning is None and self.reasons(request.model):
            fields |= self.reasoning_fields(defaults.reasoning)
        return fields

    def takes_temperature(self, _request: ChatRequest) -> bool:
        """Whether a temperature may be sent, as far as it is documented."""
        return True

    def reasons(self, model: str) -> bool:
        """Whether the model is known to reason."""
        listed = self.listed(model)
        return listed is not None and listed.reasoning is True

    def listed_parameters(self, model: str) -> Collection[str] | None:
        """The model's parameters in the provider's list; None if the list does not say."""
        listed = self.listed(model)
        return None if listed is None else listed.parameters
