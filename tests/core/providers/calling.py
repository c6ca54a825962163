"""One provider with its throttle and retries, as the catalog puts them together; pauses are noted, not slept."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from core.clock import SystemClock
from core.domain.chat import Message, Reply
from core.errors import ProviderError
from core.providers.base import CallContext, ChatRequest
from core.providers.http import open_http
from core.providers.openai_compatible import OpenAICompatible
from core.providers.openrouter import OpenRouter
from core.providers.retrying import Retrying
from core.providers.throttled import Throttled
from core.settings import Account
from core.throttle.memory import MemoryThrottle
from tests.settings import make_settings

KEY = "sk-or-secret-0123456789"
REQUEST = ChatRequest(model="vendor/model", messages=(Message(role="user", content="Hello?"),))


@dataclass
class Caller:
    http: httpx.AsyncClient
    provider: OpenAICompatible
    throttle: MemoryThrottle
    throttled: Throttled
    retrying: Retrying
    pauses_s: list[float] = field(default_factory=list)

    @property
    def in_flight(self) -> int:
        """Slots that are taken."""
        return self.throttle.load()[0].in_flight

    async def call(self) -> Reply:
        """One call through throttle and retries."""
        return await self.retrying.complete(REQUEST, CallContext())

    async def failure(self) -> ProviderError:
        """The error that the call ends with."""
        try:
            reply = await self.call()
        except ProviderError as error:
            return error
        raise AssertionError(f"the call should have failed, but there is a reply: {reply.text[:80]!r}")


async def seconds_to_cancel(calling: asyncio.Task[Reply]) -> float:
    """Cancels a call; how long it took to let go. It must not have ended otherwise."""
    started_at = time.monotonic()
    calling.cancel()
    await asyncio.wait([calling])
    assert calling.cancelled()
    return time.monotonic() - started_at


@asynccontextmanager
async def open_caller(
    base_url: str, *, kind: type[OpenAICompatible] = OpenRouter, slots: int = 8, attempts: int = 1, **changes: Any
) -> AsyncIterator[Caller]:
    """Settings are production's, but for `changes`."""
    settings = make_settings(calls__max_attempts=attempts, **changes).calls
    clock = SystemClock()
    async with open_http(settings) as http:
        name = kind.__name__.lower()
        provider = kind(Account(name, base_url, KEY, label=kind.__name__), http, clock, settings)
        throttle = MemoryThrottle([(name, slots)], max_queue=10_000)
        throttled = Throttled(provider, throttle, clock, lambda _end: None)
        pauses_s: list[float] = []

        async def note(pause_s: float) -> None:
            pauses_s.append(pause_s)

        retrying = Retrying(throttled, settings, random.Random(1), note)
        try:
            yield Caller(http, provider, throttle, throttled, retrying, pauses_s)
        finally:
            await throttled.close()
