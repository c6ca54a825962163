"""From the settings to the call: whose words an error tells, and which output limit goes out to which address."""

import json
import random

import pytest

from core.clock import SystemClock
from core.domain.chat import Message
from core.errors import ProviderError
from core.providers.base import CallContext, ChatRequest
from core.providers.http import open_http
from core.providers.model_catalog import build_catalog, configured_limits
from core.settings import read_settings
from core.throttle.memory import MemoryThrottle
from tests.core.budget.ledgers import no_budgets
from tests.core.providers.raw_provider import raw_provider, says, stream, whole

GOOD = says(stream(b'{"choices": [{"delta": {"content": "Blue."}, "finish_reason": "stop"}]}', b"[DONE]"))
REFUSED = says(whole("401 Unauthorized", b'{"error": {"message": "No"}}'))


async def call(environment, model, purpose="target", limit=None):
    settings = read_settings({"MAX_CALL_ATTEMPTS": "1", **environment})
    throttle = MemoryThrottle(configured_limits(settings.providers), max_queue=10)
    async with open_http(settings.calls) as http:
        catalog = build_catalog(
            settings,
            http,
            throttle,
            simulated=(),
            simulated_models=(),
            on_call=lambda _end: None,
            clock=SystemClock(),
            chance=random.Random(1),
            budgets=no_budgets(),
        )
        provider, own_id = catalog.resolve(model)
        request = ChatRequest(
            model=own_id,
            messages=(Message(role="user", content="Hello?"),),
            purpose=purpose,
            max_output_tokens=limit,
        )
        try:
            return await provider.complete(request, CallContext())
        finally:
            await catalog.close()


@pytest.mark.parametrize("name", ["OPENAI", "OPENROUTER", "FIREWORKS"])
async def test_a_gateway_behind_a_base_url_is_named_by_its_host(name):
    async with raw_provider(REFUSED) as gateway:
        address = gateway.base_url.replace("http://", "http://user:secret@")
        environment = {f"{name}_API_KEY": "k-123456", f"{name}_BASE_URL": address}
        with pytest.raises(ProviderError) as failed:
            await call(environment, f"{name.lower()}/m")
    assert failed.value.message == f"127.0.0.1:{gateway.port} ({name}_BASE_URL) did not accept the key (401): No"


@pytest.mark.parametrize(
    ("fields", "purpose", "limit", "expected"),
    [
        ({"judge_max_output_tokens": 900}, "judge", 16_000, 900),
        ({"judge_max_output_tokens": 0}, "judge", 16_000, None),
        ({"target_max_output_tokens": 700}, "target", None, 700),
        ({"target_max_output_tokens": 700}, "judge", 16_000, 16_000),
    ],
)
async def test_output_limits_of_a_further_address_go_out(fields, purpose, limit, expected):
    async with raw_provider(GOOD) as lab:
        address = {"name": "lab", "base_url": lab.base_url, **fields}
        await call({"OPENAI_COMPATIBLE": json.dumps([address])}, "lab/m", purpose, limit)
        body = json.loads(lab.requests[0].partition(b"\r\n\r\n")[2])
    assert body.get("max_tokens") == expected
