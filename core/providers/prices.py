"""What a reply cost: what the provider billed, else computed from price data, else unknown (None, never 0).

The price data is genai-prices' own, as installed; nothing is fetched.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from genai_prices import Usage as PricedUsage
from genai_prices import calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice

from core.domain.chat import Usage

MTOK = 1_000_000


def read_usage(told: Mapping[str, Any]) -> Usage:
    """Token counts of a `usage` object; None where it does not say."""
    received, sent = told.get("prompt_tokens_details"), told.get("completion_tokens_details")
    return Usage(
        input_tokens=_count(told.get("prompt_tokens")),
        output_tokens=_count(told.get("completion_tokens")),
        reasoning_tokens=_count(sent.get("reasoning_tokens")) if isinstance(sent, dict) else None,
        cached_tokens=_count(received.get("cached_tokens")) if isinstance(received, dict) else None,
    )


def billed_usd(told: Mapping[str, Any]) -> float | None:
    """What a `usage` object says that the call cost, in US dollars, all bills together; None when one is not told.

    A gateway that calls its upstream with the user's own key (BYOK) bills only its fee, often 0; the rest is billed by
    the upstream and stands in `cost_details`.
    """
    cost, details = told.get("cost"), told.get("cost_details")
    billed = dollars(cost.get("total_cost") if isinstance(cost, dict) else cost)
    upstream = dollars(details.get("upstream_inference_cost")) if isinstance(details, dict) else None
    if told.get("is_byok") is True or (upstream and not billed):
        return (billed or 0.0) + upstream if upstream else None
    return billed


def dollars(value: Any) -> float | None:
    """A finite amount that is not negative, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None


def priced_usd(usage: Usage, model: str, price_list: str, now: datetime) -> float | None:
    """US dollars by the price list of that id, or None without both token counts or without a price.

    `price_list`: an id of genai-prices, or an address that it knows; "" has no prices.
    """
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    cached = min(usage.cached_tokens or 0, usage.input_tokens)
    found = _model(model, price_list)
    if found is None:
        return None
    plain = _plain_rates(found.get_prices(now))
    if plain is None:
        return _tiered_usd(usage.input_tokens, cached, usage.output_tokens, model, price_list, now)
    input_usd, cached_usd, output_usd = plain
    fresh = usage.input_tokens - cached
    return (fresh * input_usd + cached * cached_usd + usage.output_tokens * output_usd) / MTOK


def listed_rates(model: str, price_list: str, now: datetime) -> tuple[float | None, float | None]:
    """US dollars for a million input and output tokens, before tiers; None where not known."""
    found = _model(model, price_list)
    prices = found.get_prices(now) if found else None
    return _base(getattr(prices, "input_mtok", None)), _base(getattr(prices, "output_mtok", None))


@lru_cache(maxsize=1024)
def _model(model: str, price_list: str) -> ModelInfo | None:
    if not price_list:
        return None
    by_address = price_list if "://" in price_list else None
    try:
        return get_snapshot().find_provider_model(model, None, None if by_address else price_list, by_address)[1]
    except LookupError:
        return None


def _plain_rates(prices: ModelPrice) -> tuple[float, float, float] | None:
    """(input, cached input, output) of a model without tiers. calc_price would take 160 µs of every call, this 1."""
    rates = [getattr(prices, name, None) for name in ("input_mtok", "cache_read_mtok", "output_mtok")]
    rates[1] = rates[0] if rates[1] is None else rates[1]
    if not all(isinstance(rate, Decimal) for rate in rates):
        return None
    fresh, cached, output = (float(rate) for rate in rates if isinstance(rate, Decimal))
    return fresh, cached, output


def _tiered_usd(fresh: int, cached: int, output: int, model: str, price_list: str, now: datetime) -> float | None:
    used = PricedUsage(input_tokens=fresh, cache_read_tokens=cached, output_tokens=output)
    try:
        if "://" in price_list:
            price = calc_price(used, model, provider_api_url=price_list, genai_request_timestamp=now)
        else:
            price = calc_price(used, model, provider_id=price_list, genai_request_timestamp=now)
    except (LookupError, ValueError):  # ValueError: a price list that wants counts which nobody reported
        return None
    return float(price.total_price)


def _base(price: Any) -> float | None:
    price = getattr(price, "base", price)
    return float(price) if isinstance(price, Decimal) else None


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return int(value)
