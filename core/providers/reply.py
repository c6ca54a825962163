"""Builds a Reply from merged chunks: text, reasoning, cost, and the raw response."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.domain.chat import Reply, Usage
from core.providers.base import ChatRequest
from core.providers.prices import billed_usd, priced_usd, read_usage
from core.providers.reasoning import split_reasoning
from core.providers.wire import Merge, encode_json, replace_lone_surrogates

SHOWN_ELSEWHERE = frozenset({"choices", "usage", "error"})
TEXTS = frozenset({"delta", "message"})


@dataclass(frozen=True)
class Timing:
    """Milliseconds from the request's start."""

    latency_ms: float
    first_token_ms: float | None


def read_reply(
    merged: Merge,
    *,
    request: ChatRequest,
    timing: Timing,
    raw_request: str,
    price_list: str,
    unopened_think_tag: bool,
    now: datetime,
) -> Reply:
    """The reply of a finished stream. Its text may be empty; the caller rejects that."""
    text, reasoning = split_reasoning(
        merged.text,
        merged.thoughts,
        unopened_think_tag=unopened_think_tag,
        asked=(message.content for message in request.messages),
    )
    usage = read_usage(merged.usage)
    cost, source = _cost(merged.usage, usage, request.model, price_list, now)
    return Reply(
        text=text,
        reasoning=reasoning,
        finish_reason=merged.finish_reason,
        usage=usage,
        cost_usd=cost,
        cost_source=source,
        model=_word(merged.rest.get("model")),
        request_id=_word(merged.rest.get("id")),
        latency_ms=timing.latency_ms,
        first_token_ms=timing.first_token_ms,
        raw_request=raw_request,
        raw_reply=raw_reply(merged),
    )


def raw_reply(merged: Merge) -> str:
    """The merged response as JSON, without the texts."""
    ending = {name: value for name, value in merged.ending.items() if name not in TEXTS}
    kept = {name: value for name, value in merged.rest.items() if name not in SHOWN_ELSEWHERE}
    return encode_json({**kept, "choices": [ending], "usage": merged.usage or None}).decode()


def _cost(
    usage_fields: dict[str, Any], usage: Usage, model: str, price_list: str, now: datetime
) -> tuple[float | None, Any]:
    billed = billed_usd(usage_fields)
    if billed is not None:
        return billed, "provider"
    priced = priced_usd(usage, model, price_list, now)
    if usage_fields.get("is_byok") is True:  # billed by the upstream: a price of 0 is not the real cost
        priced = priced or None
    return priced, "unknown" if priced is None else "prices"


def _word(value: Any) -> str:
    return replace_lone_surrogates(value) if isinstance(value, str) else ""
