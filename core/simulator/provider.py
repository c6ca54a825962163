"""The simulated provider inside the product: the same replies and failures as over HTTP, without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import ClassVar

from core.clock import Clock, SystemClock
from core.domain.chat import Reply
from core.providers.base import CallContext, ChatRequest, Provider
from core.providers.causes import UNKNOWN_MODEL
from core.providers.faults import Faults
from core.settings import CallSettings, ProviderSettings
from core.simulator.call import CallCounter, Plan, plan_call, read_conversation
from core.simulator.faults import FAILURES, Fault
from core.simulator.script import MODELS, Script, model_id, read_script

_FAULTS = Faults("simulated", "The simulated provider", "")


def simulated_providers(settings: ProviderSettings, calls: CallSettings, clock: Clock) -> list[SimulatedProvider]:
    """The simulated provider with its configured script; none if it is switched off."""
    if not settings.simulated_provider:
        return []
    script = read_script(settings.simulated_script)
    return [SimulatedProvider(script, clock=clock, silence_timeout_s=calls.silence_timeout_s)]


class SimulatedProvider(Provider):
    """Answers by a script, always labelled. Takes its latency by `sleep`, costs nothing and says so."""

    name = "simulated"
    account = "simulated"
    simulated = True
    models: ClassVar[tuple[str, ...]] = tuple(MODELS)
    """What the page offers, without `simulated/`."""

    def __init__(
        self,
        script: Script,
        *,
        clock: Clock | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        silence_timeout_s: float = 120.0,
    ) -> None:
        self.script = script
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._silence_timeout_s = silence_timeout_s
        self._counter = CallCounter()

    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        """One simulated reply; the nth call of equal requests gets the nth replayable one.

        Raises ProviderError: `unknown_model`, or the code of the fault that the script has for this call.
        """
        if not self.script.has(request.model):
            known = ", ".join(f"simulated/{name}" for name in self.models)
            raise _FAULTS.error(UNKNOWN_MODEL, f"There is no simulated/{request.model}; there are {known}.", status=404)
        await context.on_slot()
        conversation = read_conversation(request.model, request.messages, request.purpose)
        nth = self._counter.next(conversation.key)
        plan = plan_call(self.script, conversation, nth, sum(len(message.content) for message in request.messages))
        began_s = self._clock.monotonic()
        await self._sleep(plan.wait_s)
        first_token_ms = (self._clock.monotonic() - began_s) * 1000
        await self._finish(plan)
        return _reply(request, plan, first_token_ms, (self._clock.monotonic() - began_s) * 1000)

    async def _finish(self, plan: Plan) -> None:
        """The rest of the call after its first byte. Raises the fault's ProviderError."""
        if plan.fault is Fault.SILENT:
            await self._sleep(min(plan.behavior.silent_s, self._silence_timeout_s))
        if plan.fault in FAILURES:
            cause, status, message = FAILURES[plan.fault]
            retry_after_s = plan.behavior.retry_after_s if plan.fault is Fault.RATE_LIMITED else None
            raise _FAULTS.error(cause, message, status=status, retry_after_s=retry_after_s)
        chunks = -(-(len(plan.text) + len(plan.reasoning)) // plan.behavior.chunk_chars)
        if plan.chunk_pause_s and chunks:
            await self._sleep(chunks * plan.chunk_pause_s)


def _reply(request: ChatRequest, plan: Plan, first_token_ms: float, latency_ms: float) -> Reply:
    model = f"simulated/{model_id(request.model)}"
    sent = {**request.model_dump(exclude={"messages", "purpose"}, exclude_none=True), "model": model}
    received = {"id": plan.request_id, "provider": "Simulated", "model": model, "usage": plan.usage.model_dump()}
    return Reply(
        text=plan.text,
        reasoning=plan.reasoning,
        usage=plan.usage,
        cost_usd=0.0,
        cost_source="provider",
        model=model,
        request_id=plan.request_id,
        latency_ms=latency_ms,
        first_token_ms=first_token_ms,
        raw_request=json.dumps(sent, ensure_ascii=False),
        raw_reply=json.dumps(received, ensure_ascii=False),
    )
