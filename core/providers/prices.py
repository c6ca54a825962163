"""The cost of a reply: as billed by the provider, else by the prices in its own list, else by price data, else unknown
(None, never 0).

The price data comes from the installed genai-prices; nothing is downloaded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from core.domain.chat import Usage
from core.providers.model_list.entries import ListedModel

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

MTOK = 1_000_000
FLEX_PRICE = 0.5
"""Of the usual price, at OpenAI."""


class ModelRates(NamedTuple):
    """US dollars per million tokens, before tiers; None if unknown."""

    input: float | None
    output: float | None
    cached_input: float | None = None
    """None: cached input costs as much as other input."""


UNKNOWN_RATES = ModelRates(None, None)


def read_usage(usage: Mapping[str, Any]) -> Usage:
    """Token counts of a `usage` object; None if missing."""
    received, sent = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    return Usage(
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        reasoning_tokens=_count(sent.get("reasoning_tokens")) if isinstance(sent, dict) else None,
        cached_tokens=_count(received.get("cached_tokens")) if isinstance(received, dict) else None,
    )


def billed_usd(usage: Mapping[str, Any]) -> float | None:
    """The total cost in US dollars according to a `usage` object; None if any part is missing.

    A gateway that uses the user's own upstream key (BYOK) bills only its fee, often 0; the upstream bills the rest, in
    `cost_details`.
    """
    cost, details = usage.get("cost"), usage.get("cost_details")
    billed = dollars(cost.get("total_cost") if isinstance(cost, dict) else cost)
    upstream = dollars(details.get("upstream_inference_cost")) if isinstance(details, dict) else None
    if usage.get("is_byok") is True or (upstream and not billed):
        return (billed or 0.0) + upstream if upstream else None
    return billed


def dollars(value: Any) -> float | None:
    """A finite, non-negative amount, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None


def own_rates(listed: ListedModel | None) -> ModelRates | None:
    """The rates in the provider's own list of models; None if they are not in it."""
    if listed is None or listed.input_usd_per_mtok is None or listed.output_usd_per_mtok is None:
        return None
    return ModelRates(listed.input_usd_per_mtok, listed.output_usd_per_mtok, listed.cached_input_usd_per_mtok)


def priced_usd(
    usage: Usage, model: str, price_list: str, now: datetime, rates: ModelRates | None = None
) -> float | None:
    """US dollars by `rates`, the provider's own or those of `plain_rates`, else by the price data. None if a token
    count or the price is missing."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    if rates is not None:
        return _rated_usd(usage.input_tokens, usage.cached_tokens or 0, usage.output_tokens, rates)
    if _model(model, price_list) is None:
        return None
    cached = min(usage.cached_tokens or 0, usage.input_tokens)
    return _tiered_usd(usage.input_tokens, cached, usage.output_tokens, model, price_list, now)


def _rated_usd(received: int, cached: int, sent: int, rates: ModelRates) -> float | None:
    if rates.input is None or rates.output is None:
        return None
    cached = min(cached, received)
    cached_usd = rates.input if rates.cached_input is None else rates.cached_input
    return ((received - cached) * rates.input + cached * cached_usd + sent * rates.output) / MTOK


def cache_saved_usd(usage: Usage, rates: ModelRates | None) -> float | None:
    """How much less the cached input tokens cost than others would, by these rates. None if there are none or the
    price is unknown; prices in tiers are not compared."""
    if not usage.cached_tokens or rates is None or rates.input is None or rates.cached_input is None:
        return None
    cached = min(usage.cached_tokens, usage.input_tokens or usage.cached_tokens)
    return max(0.0, cached * (rates.input - rates.cached_input) / MTOK)


def tier_usd(cost: float | None, tier: str) -> float | None:
    """The cost at the service tier that answered. Price lists have the usual tier's only: flex costs half of it, what
    priority costs differs by model and is unknown."""
    if cost is None or tier == "priority":
        return None
    return cost * FLEX_PRICE if tier == "flex" else cost


def listed_rates(model: str, price_list: str, now: datetime) -> ModelRates:
    """The rates in the price data, before tiers of length."""
    found = _model(model, price_list)
    prices = found.get_prices(now) if found else None
    return ModelRates(
        *(_base(getattr(prices, name, None)) for name in ("input_mtok", "output_mtok", "cache_read_mtok"))
    )


@lru_cache(maxsize=1024)
def _model(model: str, price_list: str) -> ModelInfo | None:
    if not price_list:
        return None
    from genai_prices.data_snapshot import get_snapshot

    by_address = price_list if "://" in price_list else None
    try:
        return get_snapshot().find_provider_model(model, None, None if by_address else price_list, by_address)[1]
    except LookupError:
        return None


def plain_rates(model: str, price_list: str, now: datetime) -> ModelRates | None:
    """The rates of a model without tiers in the price data; None if it has tiers, or no price. Takes 1 µs per call;
    calc_price takes 160.

    `price_list`: a provider ID or known base URL of genai-prices; "" has no prices.
    """
    if (found := _model(model, price_list)) is None:
        return None
    prices = found.get_prices(now)
    rates = [getattr(prices, name, None) for name in ("input_mtok", "cache_read_mtok", "output_mtok")]
    rates[1] = rates[0] if rates[1] is None else rates[1]
    if not all(isinstance(rate, Decimal) for rate in rates):
        return None
    fresh, cached, output = (float(rate) for rate in rates if isinstance(rate, Decimal))
    return ModelRates(fresh, output, cached)


def _tiered_usd(received: int, cached: int, output: int, model: str, price_list: str, now: datetime) -> float | None:
    from genai_prices import Usage as PricedUsage
    from genai_prices import calc_price

    used = PricedUsage(input_tokens=received, cache_read_tokens=cached, output_tokens=output)
    try:
        if "://" in price_list:
            price = calc_price(used, model, provider_api_url=price_list, genai_request_timestamp=now)
        else:
            price = calc_price(used, model, provider_id=price_list, genai_request_timestamp=now)
    except (LookupError, ValueError):  # ValueError: the price list needs counts that were not reported
        return None
    return float(price.total_price)


def _base(price: Any) -> float | None:
    price = getattr(price, "base", price)
    return float(price) if isinstance(price, Decimal) else None


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return int(value)
