"""From merged pieces to a whole reply: whether it is one, what it cost, what is kept of how it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.domain.chat import Reply, Usage
from core.providers.base import ChatRequest
from core.providers.prices import billed_usd, priced_usd, read_usage
from core.providers.reasoning import apart
from core.providers.wire import Merge, encoded, mended

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
    lone_close: bool,
    now: datetime,
) -> Reply:
    """The reply of a stream that was finished. Its text may be empty: that is for the caller to refuse."""
    text, reasoning = apart(
        merged.text, merged.thoughts, lone_close=lone_close, asked=(message.content for message in request.messages)
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
    """JSON of what came, chunks merged, without the texts."""
    ending = {name: value for name, value in merged.ending.items() if name not in TEXTS}
    kept = {name: value for name, value in merged.rest.items() if name not in SHOWN_ELSEWHERE}
    return encoded({**kept, "choices": [ending], "usage": merged.usage or None}).decode()


def _cost(told: dict[str, Any], usage: Usage, model: str, price_list: str, now: datetime) -> tuple[float | None, Any]:
    billed = billed_usd(told)
    if billed is not None:
        return billed, "provider"
    priced = priced_usd(usage, model, price_list, now)
    if told.get("is_byok") is True:  # billed elsewhere: a price of 0 is not what was paid
        priced = priced or None
    return priced, "unknown" if priced is None else "prices"


def _word(value: Any) -> str:
    return mended(value) if isinstance(value, str) else ""
