"""What a reply costs that its provider does not bill: its own listed prices, else the price data, at the answered tier."""

import json

import pytest

from core.domain.parameters import Parameters
from core.providers.base import CallContext
from core.providers.model_list.entries import ListedModel
from core.providers.openai import OpenAI
from core.providers.openai_compatible import OpenAICompatible
from core.providers.prices import ModelRates, listed_rates
from core.settings import Account
from tests.builders import NOW
from tests.core.providers.calling import KEY, REQUEST
from tests.core.providers.raw_provider import raw_provider, says, stream

TOKENS = {"prompt_tokens": 1_000, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 800}}
GROQ = "https://api.groq.com/openai/v1"
CACHED_AT_GROQ = "moonshotai/kimi-k2-instruct-0905"


def listed(**changes):
    prices = {"input_usd_per_mtok": 10.0, "output_usd_per_mtok": 20.0, "cached_input_usd_per_mtok": 1.0}
    return lambda model: ListedModel(id=model, **{**prices, **changes})


async def reply_of(caller, *, kind=OpenAICompatible, model="m", own=None, tier=None, price_list="", **answer):
    end = {"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}], "usage": TOKENS, **answer}
    request = REQUEST.model_copy(update={"model": model, "parameters": Parameters(service_tier=tier)})
    async with (
        raw_provider(says(stream(json.dumps(end).encode()))) as provider,
        caller(provider.base_url, kind=kind) as calls,
    ):
        if own is not None:
            calls.provider.use_list(own)
        calls.provider.price_list = price_list or calls.provider.price_list
        return await calls.retrying.complete(request, CallContext())


@pytest.mark.parametrize(
    ("asked", "answered", "cost", "saved"),
    [
        (None, {}, 0.0048, 0.0072),
        ("flex", {}, 0.0024, 0.0036),
        ("priority", {}, None, None),
        (None, {"service_tier": "priority"}, None, None),
        ("flex", {"service_tier": "default"}, 0.0048, 0.0072),
    ],
)
async def test_the_providers_listed_prices_count_at_the_tier_that_answered(caller, asked, answered, cost, saved):
    found = await reply_of(caller, own=listed(), tier=asked, **answered)
    assert (found.cost_usd, found.cache_saved_usd) == (pytest.approx(cost), pytest.approx(saved))
    assert found.cost_source == ("unknown" if cost is None else "prices")


async def test_the_providers_listed_prices_come_before_the_price_data(caller):
    found = await reply_of(caller, kind=OpenAI, model="gpt-4o", own=listed())
    assert found.cost_usd == pytest.approx(0.0048)


async def test_cached_input_without_a_price_of_its_own_costs_the_full_price(caller):
    found = await reply_of(caller, own=listed(cached_input_usd_per_mtok=None))
    assert (found.cost_usd, found.cache_saved_usd) == (pytest.approx(0.012), None)


async def test_what_the_cache_saved_is_known_for_a_billed_reply_too(caller):
    found = await reply_of(caller, own=listed(), usage={**TOKENS, "cost": 0.5})
    assert (found.cost_usd, found.cost_source, found.cache_saved_usd) == (0.5, "provider", pytest.approx(0.0072))


async def test_a_model_in_no_list_has_no_price(caller):
    found = await reply_of(caller, own=lambda _model: None)
    assert (found.cost_usd, found.cost_source, found.cache_saved_usd) == (None, "unknown", None)


def test_a_custom_account_is_priced_by_its_address():
    provider = OpenAICompatible(Account("groq", GROQ, KEY), None, None, None)
    assert provider.price_list == GROQ


async def test_the_price_data_has_its_own_price_of_cached_input(caller):
    rates = listed_rates(CACHED_AT_GROQ, GROQ, NOW)
    assert rates.cached_input is not None
    assert rates.cached_input < rates.input
    found = await reply_of(caller, model=CACHED_AT_GROQ, price_list=GROQ)
    assert found.cost_usd == pytest.approx((200 * rates.input + 800 * rates.cached_input + 100 * rates.output) / 1e6)


def test_without_price_data_no_rate_is_known():
    assert listed_rates("m", "http://127.0.0.1:1/v1", NOW) == ModelRates(None, None, None)
