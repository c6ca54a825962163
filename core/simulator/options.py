"""What a call's parameters change: a system prompt, an output limit, a seed, stop texts, reasoning, the upstream."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from core.domain.parameters import Parameters, UpstreamPreferences
from core.simulator.script import Behavior
from core.simulator.seeded import SeededRandom

AnswerFormat = Literal["", "json_object", "json_schema"]
_WORD_END = re.compile(r"\S+\s*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_FORMATS: Mapping[str, AnswerFormat] = {"json_object": "json_object", "json_schema": "json_schema"}
SHORT_EFFORTS = ("minimal", "low")
IGNORED = ("temperature", "top_p", "service_tier", "extra_body")
"""Parameters that nothing simulated depends on."""


@dataclass(frozen=True, slots=True)
class CallOptions:
    """The parameters that a simulated reply depends on. Equal calls with one seed get the same reply."""

    parameters: Parameters = field(default_factory=Parameters)
    max_output_tokens: int | None = None
    """For a call whose parameters have no limit. A word of the reply or of the reasoning is a token."""
    answer_format: AnswerFormat = ""
    logprobs: bool = False


def read_options(body: Mapping[str, Any]) -> CallOptions:
    """The options in a request of OpenAI's or OpenRouter's dialect. Raises ValueError for one of a wrong form."""
    reasoning, stop, wanted = body.get("reasoning"), body.get("stop"), body.get("response_format")
    if reasoning is None and body.get("reasoning_effort") is not None:
        reasoning = {"effort": body["reasoning_effort"]}
    values = {
        "max_output_tokens": body.get("max_completion_tokens", body.get("max_tokens")),
        "seed": body.get("seed"),
        "stop": [stop] if isinstance(stop, str) else stop,
        "reasoning": reasoning,
        "provider": body.get("provider"),
    }
    answer_format = _FORMATS.get(str(wanted.get("type")), "") if isinstance(wanted, dict) else ""
    logprobs = body.get("logprobs") is True
    return CallOptions(Parameters.model_validate(values), answer_format=answer_format, logprobs=logprobs)


def refusal_of(behavior: Behavior, options: CallOptions) -> str:
    """Why a server that is strict about these fields answers 400; "" if it does not."""
    if options.answer_format and behavior.answer_schema == "refused":
        return "Unrecognized request argument supplied: response_format"
    if options.answer_format == "json_schema" and behavior.answer_schema == "object":
        return "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
    if options.logprobs and behavior.logprobs == "refused":
        return "'logprobs' is not supported with this model."
    return ""


def is_enforced(behavior: Behavior, options: CallOptions) -> bool:
    """Whether the model can answer nothing but the object that it is asked for."""
    return bool(options.answer_format) and behavior.answer_schema in ("enforced", "object")


def choose_upstream(options: CallOptions, upstreams: Sequence[str], random: SeededRandom) -> str:
    """The upstream that answers; "" if the preferences allow none."""
    wish = options.parameters.provider or UpstreamPreferences()
    allowed = [
        name for name in upstreams if _is_among(name, wish.only, True) and not _is_among(name, wish.ignore, False)
    ]
    ordered = [name for wished in wish.order or () for name in allowed if slug(name) == slug(wished)]
    if ordered or not allowed:
        return next(iter(ordered), "")
    if wish.order and wish.allow_fallbacks is False:
        return ""
    return random.choice("upstream", allowed)


def _is_among(name: str, names: Sequence[str] | None, otherwise: bool) -> bool:
    return otherwise if names is None else slug(name) in map(slug, names)


def slug(name: str) -> str:
    """An upstream's name in preferences, and the fingerprint of its replies."""
    return name.strip().lower().replace(" ", "-")


def shorten_reasoning(options: CallOptions, reasoning: str) -> str:
    wish = options.parameters.reasoning
    if wish and wish.off:
        return ""
    if wish and wish.effort in SHORT_EFFORTS:
        return _SENTENCE_END.split(reasoning, maxsplit=1)[0]
    return first_words(reasoning, wish.max_tokens) if wish and wish.max_tokens is not None else reasoning


def cut_text(options: CallOptions, text: str, reasoning_words: int) -> tuple[str, str]:
    """The text as far as stop texts and the output limit let it go, and its finish reason."""
    text = text[: min((at for stop in options.parameters.stop or () if (at := text.find(stop)) >= 0), default=None)]
    limit = options.parameters.max_output_tokens or options.max_output_tokens
    kept = text if limit is None else first_words(text, max(0, limit - reasoning_words))
    return kept, "stop" if kept == text else "length"


def first_words(text: str, count: int) -> str:
    """The text's first `count` words, as they stand."""
    ends = [match.end() for _, match in zip(range(count), _WORD_END.finditer(text), strict=False)]
    return text if ends and ends[-1] == len(text) else text[: ends[-1]].rstrip() if ends else ""
