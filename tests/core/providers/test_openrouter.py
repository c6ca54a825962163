"""What a call cost when several parties bill it: all bills together, or unknown; never 0 because one of them is."""

import json

import pytest

from core.providers.base import CallContext
from core.providers.openai import OpenAI
from core.providers.openrouter import OpenRouter
from tests.core.providers.calling import REQUEST
from tests.core.providers.raw_provider import raw_provider, says, stream

TOKENS = {"prompt_tokens": 9171, "completion_tokens": 113}


def upstream(cost):
    return {"cost_details": {"upstream_inference_cost": cost}}


@pytest.mark.parametrize(
    ("usage", "cost", "source"),
    [
        ({"cost": 0, "is_byok": True, **upstream(0.036)}, 0.036, "provider"),
        ({"cost": 0.002, "is_byok": True, **upstream(0.036)}, 0.038, "provider"),
        ({"is_byok": True, **upstream(0.036)}, 0.036, "provider"),
        ({"cost": 0, **upstream(0.036)}, 0.036, "provider"),
        ({"cost": 0, "is_byok": True, **upstream(0)}, None, "unknown"),
        ({"cost": 0, "is_byok": True, **upstream(None)}, None, "unknown"),
        ({"cost": 0.002, "is_byok": True}, None, "unknown"),
        ({"cost": 0.036, "is_byok": False, **upstream(0.036)}, 0.036, "provider"),
        ({"cost": 0, "is_byok": False, **upstream(0)}, 0, "provider"),
        ({"cost": 0.01, "cost_details": "none"}, 0.01, "provider"),
        ({"cost": {"total_cost": 0.02}}, 0.02, "provider"),
    ],
)
async def test_the_cost_is_all_bills_together(caller, usage, cost, source):
    end = {"choices": [{"delta": {"content": "Blue."}, "finish_reason": "stop"}], "usage": {**TOKENS, **usage}}
    async with (
        raw_provider(says(stream(json.dumps(end).encode()))) as provider,
        caller(provider.base_url, kind=OpenRouter) as calls,
    ):
        reply = await calls.call()
    assert (reply.cost_usd, reply.cost_source) == (None if cost is None else pytest.approx(cost), source)


async def test_without_an_upstream_bill_the_price_list_is_used(caller):
    end = {"choices": [{"delta": {"content": "Blue."}, "finish_reason": "stop"}], "usage": {**TOKENS, "is_byok": True}}
    async with (
        raw_provider(says(stream(json.dumps(end).encode()))) as provider,
        caller(provider.base_url, kind=OpenAI) as calls,
    ):
        reply = await calls.retrying.complete(REQUEST.model_copy(update={"model": "gpt-4o"}), CallContext())
    assert reply.cost_source == "prices"
    assert reply.cost_usd > 0
