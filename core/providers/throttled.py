"""Holds one throttle slot per HTTP call, and counts an account's requests, errors and latencies.

A slot is released when the call ends at the provider, possibly after its end here (decision record 0010).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from core.clock import Clock
from core.domain.chat import Reply
from core.errors import Advice, ProviderError
from core.providers.base import CallContext, ChatRequest, Provider, ProviderLayer, ProviderNumbers
from core.throttle.base import Throttle

LATENCIES_KEPT = 500
"""Latest replies used for p50 and p95."""


class CallEnd:
    """The result of one call, for telemetry."""

    __slots__ = ("error", "provider", "reply", "request", "session", "took_ms", "waited_ms")

    def __init__(
        self, provider: Provider, request: ChatRequest, session: str, waited_ms: float, took_ms: float
    ) -> None:
        self.provider = provider
        self.request = request
        self.session = session
        self.waited_ms = waited_ms
        self.took_ms = took_ms
        self.reply: Reply | None = None
        self.error: ProviderError | None = None


OnCall = Callable[[CallEnd], None]


class Throttled(ProviderLayer):
    def __init__(self, inner: Provider, throttle: Throttle, clock: Clock, on_call: OnCall) -> None:
        super().__init__(inner)
        self._throttle = throttle
        self._clock = clock
        self._on_call = on_call
        self._requests = self._errors = self._rate_limited = 0
        self._latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._held_slots: set[asyncio.Task[None]] = set()
        """Each holds the slot of a cancelled call that is still in flight at the provider."""

    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        """Like the provider's, while holding one slot. Also raises Busy if too many calls wait."""
        async with self._inner.turn(request):
            return await self._in_slot(request, context)

    async def _in_slot(self, request: ChatRequest, context: CallContext) -> Reply:
        slot = self._throttle.slot(self.account, context.session, background=context.background)
        waited_s = await slot.__aenter__()
        left: list[asyncio.Future[None]] = []
        try:
            return await self._counted(request, replace(context, on_left=left.append), waited_s)
        finally:
            if left:
                self._hold_slot(slot, left)
            else:
                await slot.__aexit__(None, None, None)

    async def close(self) -> None:
        """Stop waiting for calls in flight at the provider. They end with the process; the throttle then releases their
        slots (decision record 0010)."""
        for keeping in self._held_slots:
            keeping.cancel()
        if self._held_slots:
            await asyncio.wait(self._held_slots)

    async def _counted(self, request: ChatRequest, context: CallContext, waited_s: float) -> Reply:
        self._requests += 1
        started_at = self._clock.monotonic()
        end = CallEnd(self._inner, request, context.session, waited_s * 1000, 0.0)
        try:
            end.reply = await self._inner.complete(request, context)
        except ProviderError as error:
            end.error = error
            raise
        else:
            return end.reply
        finally:
            end.took_ms = (self._clock.monotonic() - started_at) * 1000
            self._record(end)

    def _hold_slot(self, slot: AbstractAsyncContextManager[float], left: list[asyncio.Future[None]]) -> None:
        keeping = asyncio.create_task(_release_when_ended(slot, left), name=f"slot-held-{self.account}")
        self._held_slots.add(keeping)
        keeping.add_done_callback(self._held_slots.discard)

    def numbers(self, retries: int) -> ProviderNumbers:
        ordered = sorted(self._latencies)
        return ProviderNumbers(
            requests=self._requests,
            errors=self._errors,
            rate_limited=self._rate_limited,
            retries=retries,
            latency_p50_ms=_quantile(ordered, 0.5),
            latency_p95_ms=_quantile(ordered, 0.95),
        )

    def _record(self, end: CallEnd) -> None:
        if end.reply is not None:
            self._throttle.record_response(self.account, slow_down=False)
            self._latencies.append(end.reply.latency_ms)
        elif end.error is not None:
            self._errors += 1
            self._rate_limited += end.error.code == "rate_limited"
            if end.error.advice is Advice.SLOW_DOWN:
                self._throttle.record_response(self.account, slow_down=True)
        if end.reply is not None or end.error is not None:  # a cancelled call reveals nothing about the provider
            self._on_call(end)


async def _release_when_ended(slot: AbstractAsyncContextManager[float], left: list[asyncio.Future[None]]) -> None:
    await asyncio.wait(left)
    await slot.__aexit__(None, None, None)


def _quantile(ordered: list[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else None
