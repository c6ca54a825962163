"""The provider calls of the reference workload alone: by the HTTP client, and by the provider layer of the product.

The first is the least that a call can cost; what the product adds is its ratio to it, of the same run.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import cycle

import orjson
from pyreqwest.client import Client, ClientBuilder

from core.clock import SystemClock
from core.domain.chat import Message
from core.judge.schema import VERDICT_SCHEMA
from core.providers.base import CallContext, ChatRequest
from core.providers.http import open_http
from core.providers.openai import OpenAI
from core.providers.openai_compatible import OpenAICompatible
from core.providers.openrouter import OpenRouter
from core.providers.retrying import Retrying
from core.providers.throttled import Throttled
from core.settings import Account, CallSettings
from core.throttle.memory import MemoryThrottle
from tests.benchmarks.cpu import cpu_s
from tests.benchmarks.reference import CRITERIA, TASK, Workload
from tests.judge_prompts import judge_messages

REPLY = "The atomic number of krypton is 36, I think.\n" * 8
"""About as long as the simulated provider's own, so that judge prompts are as long as in the product."""
TO_TARGET = ChatRequest(model="target", messages=(Message(role="user", content=TASK.prompt),))
TO_JUDGE = ChatRequest(
    model="judge",
    messages=judge_messages(TASK, TASK.criteria[0], REPLY),
    purpose="judge",
    max_output_tokens=16_000,
    answer_schema=VERDICT_SCHEMA,
)
CLIENTS = 5
"""Each has its own pool of connections; a single one is slower at 200 calls in flight."""


@dataclass(frozen=True)
class MeasuredCalls:
    took_s: float
    cpu_s: float


async def measure_bare(address: str, workload: Workload) -> MeasuredCalls:
    """Each call is written, sent and read to its end, and nothing else: no parsing, no throttle but a semaphore."""
    clients = cycle([ClientBuilder().http2(True).build() for _ in range(CLIENTS)])
    slots = {purpose: asyncio.Semaphore(limit) for purpose, limit in workload.limits.items()}
    bodies = {request.purpose: _body(request) for request in (TO_TARGET, TO_JUDGE)}
    headers = {"Authorization": "Bearer key-bare", "Content-Type": "application/json", "Accept": "text/event-stream"}
    url = f"{address}/v1/chat/completions"

    async def call(request: ChatRequest) -> None:
        async with slots[request.purpose]:
            await _stream(next(clients), url, headers, bodies[request.purpose])

    return await _measure(workload, call)


async def _stream(client: Client, url: str, headers: dict[str, str], body: bytes) -> None:
    request = client.post(url).headers(headers).body_bytes(body).streamed_read_buffer_limit(0).build_streamed()
    async with request as response:
        if response.status != 200:
            raise RuntimeError(f"the simulated provider answered {response.status}")
        read = response.body_reader.read_chunk
        while await read() is not None:
            pass


def _body(request: ChatRequest) -> bytes:
    schema = request.answer_schema
    return orjson.dumps(
        {
            "model": request.model,
            "stream": True,
            "stream_options": {"include_usage": True},
            "messages": [message.model_dump() for message in request.messages],
            **({"response_format": schema.response_format} if schema else {}),
        }
    )


async def measure_provider_layer(address: str, workload: Workload) -> MeasuredCalls:
    """The same calls by the product's provider layer: throttle, retries, adapter, parsing; no judge and no store."""
    settings, clock = CallSettings(), SystemClock()
    throttle = MemoryThrottle(workload.limits.items(), max_queue=10_000)
    async with open_http(settings) as http:

        def layer(kind: type[OpenAICompatible], purpose: str) -> Retrying:
            account = Account(purpose, f"{address}/v1", "key-layer", label=purpose)
            throttled = Throttled(kind(account, http, clock, settings), throttle, clock, lambda _end: None)
            return Retrying(throttled, settings, random.Random(1))

        layers = {"target": layer(OpenRouter, "target"), "judge": layer(OpenAI, "judge")}

        async def call(request: ChatRequest) -> None:
            await layers[request.purpose].complete(request, CallContext())

        return await _measure(workload, call)


async def _measure(workload: Workload, call: Callable[[ChatRequest], Awaitable[None]]) -> MeasuredCalls:
    """For each hunt one target call, then all judge calls at once."""

    async def hunt() -> None:
        await call(TO_TARGET)
        await asyncio.gather(*(call(TO_JUDGE) for _ in range(CRITERIA)))

    cpu, began = cpu_s(), time.perf_counter()
    await asyncio.gather(*(hunt() for _ in range(workload.hunts)))
    return MeasuredCalls(time.perf_counter() - began, cpu_s() - cpu)
