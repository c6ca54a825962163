"""A simulated server on loopback, and the product's own client that calls it over sockets."""

import contextlib
import json

import httpx
import pytest

from core.clock import SystemClock
from core.domain.chat import Message
from core.providers.base import CallContext, ChatRequest
from core.providers.http import open_http
from core.providers.openrouter import OpenRouter
from core.settings import Account, CallSettings
from core.simulator.script import read_script
from core.simulator.server import open_server

AT_ONCE = {"target_latency_ms": 0, "judge_latency_ms": 0, "latency_spread": 0}


@pytest.fixture
def serve():
    """`async with serve(seed=7) as (server, client)`: the script's fields, without latency."""

    @contextlib.asynccontextmanager
    async def served(**fields):
        script = read_script(json.dumps({**AT_ONCE, **fields}))
        async with open_server(script) as server:
            base = f"http://127.0.0.1:{server.port}"
            async with httpx.AsyncClient(base_url=base, timeout=10) as client:
                yield server, client

    return served


@pytest.fixture
def call_openrouter():
    """One call of the product's OpenRouter client against a server."""

    async def call(server, request, *, key="key-a", silence_s=0.3):
        settings = CallSettings(timeout_s=10, silence_timeout_s=silence_s)
        async with open_http(settings) as http:
            base_url = f"http://127.0.0.1:{server.port}/v1"
            provider = OpenRouter(
                Account("openrouter", base_url, key, label="OpenRouter"), http, SystemClock(), settings
            )
            return await provider.complete(request, CallContext())

    return call


@pytest.fixture
def asked():
    def request(prompt="Tell me about Mars and Venus.", model="vendor/any"):
        return ChatRequest(model=model, messages=(Message(role="user", content=prompt),))

    return request
