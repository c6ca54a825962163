"""One slot for each HTTP call, and the numbers of an account: what went out, how it ended, how long it took.

A slot is given back when the call is gone at the provider, which may be later than its end here (decision record 0010).
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
from core.providers.base import CallContext, ChatRequest, OutputLimit, Provider, ProviderNumbers
from core.throttle.base import Throttle

LATENCIES_KEPT = 500
"""The newest replies that p50 and p95 are taken of."""


class CallEnd:
    """How one call ended, for whoever writes it down."""

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


class Throttled(Provider):
    def __init__(self, inner: Provider, throttle: Throttle, clock: Clock, on_call: OnCall) -> None:
        self.name, self.account, self.simulated = inner.name, inner.account, inner.simulated
        self._inner = inner
        self._throttle = throttle
        self._clock = clock
        self._on_call = on_call
        self._requests = self._errors = self._rate_limited = 0
        self._latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._keeping: set[asyncio.Task[None]] = set()
        """Each keeps the slot of a call that ended here and is still in flight at the provider."""

    def output_limit(self, request: ChatRequest) -> OutputLimit:
        return self._inner.output_limit(request)

    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        """As the provider's, inside one slot. Raises Busy too, when too many wait."""
        slot = self._throttle.slot(self.account, context.session)
        waited_s = await slot.__aenter__()
        left: list[asyncio.Future[None]] = []
        try:
            return await self._counted(request, replace(context, on_left=left.append), waited_s)
        finally:
            if left:
                self._keep(slot, left)
            else:
                await slot.__aexit__(None, None, None)

    async def close(self) -> None:
        """Wait no longer for calls that are in flight at the provider; only the end of the process ends them, so the
        throttle gives their slots back after that (decision record 0010)."""
        for keeping in self._keeping:
            keeping.cancel()
        if self._keeping:
            await asyncio.wait(self._keeping)

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
            self._note(end)

    def _keep(self, slot: AbstractAsyncContextManager[float], left: list[asyncio.Future[None]]) -> None:
        keeping = asyncio.create_task(_keep_until_gone(slot, left), name=f"slot-kept-{self.account}")
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)

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

    def _note(self, end: CallEnd) -> None:
        if end.reply is not None:
            self._throttle.note(self.account, slow_down=False)
            self._latencies.append(end.reply.latency_ms)
        elif end.error is not None:
            self._errors += 1
            self._rate_limited += end.error.code == "rate_limited"
            if end.error.advice is Advice.SLOW_DOWN:
                self._throttle.note(self.account, slow_down=True)
        if end.reply is not None or end.error is not None:  # a cancelled call says nothing of the provider
            self._on_call(end)


async def _keep_until_gone(slot: AbstractAsyncContextManager[float], left: list[asyncio.Future[None]]) -> None:
    await asyncio.wait(left)
    await slot.__aexit__(None, None, None)


def _quantile(ordered: list[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else None
