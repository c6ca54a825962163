"""Builds a Reply from merged chunks: text, reasoning, cost, and the raw response."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.domain.chat import Reply, TokenLogprobs
from core.providers.base import ChatRequest
from core.providers.prices import ModelRates, billed_usd, cache_saved_usd, plain_rates, priced_usd, read_usage, tier_usd
from core.providers.split_reasoning import split_reasoning
from core.providers.wire import Merge, encode_json, replace_lone_surrogates

SHOWN_ELSEWHERE = frozenset({"choices", "usage", "error"})
MAX_MARK_CHARS = 200
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
    own_rates: ModelRates | None = None,
    complete: bool = True,
) -> Reply:
    """The reply of a finished stream, or of a growing one unless `complete`. Its text may be empty; the caller rejects
    that."""
    text, reasoning = split_reasoning(
        merged.text,
        merged.thoughts,
        unopened_think_tag=unopened_think_tag,
        asked=(message.content for message in request.every_message),
        complete=complete,
    )
    usage = read_usage(merged.usage)
    tier = _word(merged.rest.get("service_tier")) or request.parameters.service_tier or ""
    rates = own_rates or plain_rates(request.model, price_list, now)
    priced = tier_usd(priced_usd(usage, request.model, price_list, now, rates), tier)
    cost, source = _cost(merged.usage, priced)
    saved = tier_usd(cache_saved_usd(usage, rates), tier)
    return Reply(
        text=text,
        reasoning=reasoning,
        finish_reason=merged.finish_reason,
        usage=usage,
        cost_usd=cost,
        cost_source=source,
        cache_saved_usd=saved,
        logprobs=read_logprobs(merged.logprobs) if request.logprobs and merged.logprobs else None,
        model=_word(merged.rest.get("model")),
        request_id=_word(merged.rest.get("id")),
        upstream=_word(merged.rest.get("provider"))[:MAX_MARK_CHARS],
        system_fingerprint=_word(merged.rest.get("system_fingerprint"))[:MAX_MARK_CHARS],
        latency_ms=timing.latency_ms,
        first_token_ms=timing.first_token_ms,
        raw_request=raw_request,
        raw_reply=raw_reply(merged),
    )


def read_logprobs(received: Iterable[Any]) -> TokenLogprobs | None:
    """The log-probabilities of all tokens in OpenAI's form; None if one of them has another."""
    try:
        rows = [row for part in received for row in part["content"] or ()]
        tokens = tuple(replace_lone_surrogates(str(row["token"])) for row in rows)
        logprobs = tuple(float(row["logprob"]) for row in rows)
    except (KeyError, TypeError, ValueError):
        return None
    return TokenLogprobs(tokens, logprobs) if tokens and not any(map(math.isnan, logprobs)) else None


def raw_reply(merged: Merge) -> str:
    """The merged response as JSON, without the texts."""
    ending = {name: value for name, value in merged.ending.items() if name not in TEXTS}
    kept = {name: value for name, value in merged.rest.items() if name not in SHOWN_ELSEWHERE}
    return encode_json({**kept, "choices": [ending], "usage": merged.usage or None}).decode()


def _cost(usage_fields: dict[str, Any], priced: float | None) -> tuple[float | None, Any]:
    billed = billed_usd(usage_fields)
    if billed is not None:
        return billed, "provider"
    if usage_fields.get("is_byok") is True:  # billed by the upstream: a price of 0 is not the real cost
        priced = priced or None
    return priced, "unknown" if priced is None else "prices"


def _word(value: Any) -> str:
    return replace_lone_surrogates(value) if isinstance(value, str) else ""
