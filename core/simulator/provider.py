"""The simulated provider inside the product: the same replies and failures as over HTTP, without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from core.clock import Clock, SystemClock
from core.domain.chat import STOPPED, Reply, Usage
from core.domain.parameters import Parameters
from core.providers.base import AnswerForm, CallContext, ChatRequest, PartialReply, Provider
from core.providers.causes import UNKNOWN_MODEL, output_limit
from core.providers.faults import Faults
from core.providers.unsupported_parameters import ParameterSupport
from core.settings import CallSettings, ProviderSettings
from core.simulator.options import IGNORED, AnswerFormat, CallOptions, slug
from core.simulator.script import FAILURES, MODELS, Fault, Script, model_id, read_script

if TYPE_CHECKING:
    from core.simulator.call import Calls, Plan

_FORMS: Mapping[str, AnswerForm] = {"enforced": "schema", "object": "object"}
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

    @cached_property
    def _calls(self) -> Calls:
        from core.simulator.call import Calls

        return Calls()

    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        """One simulated reply; the nth call of equal requests gets the nth replayable one.

        Raises ProviderError: `unknown_model`, or the code of the fault that the script has for this call.
        """
        from core.simulator.call import NO_UPSTREAM, read_conversation

        if not self.script.has(request.model):
            known = ", ".join(f"simulated/{name}" for name in self.models)
            raise _FAULTS.error(
                UNKNOWN_MODEL, f"simulated/{request.model} does not exist; available: {known}.", status=404
            )
        await context.on_slot()
        conversation = read_conversation(request.model, request.every_message, request.purpose)
        form: AnswerFormat = "json_schema" if request.answer_schema else ""
        options = CallOptions(request.parameters, request.max_output_tokens, form, request.logprobs)
        plan = self._calls.plan(self.script, conversation, options)
        if not plan.upstream:
            raise _FAULTS.error(UNKNOWN_MODEL, NO_UPSTREAM, status=404)
        began_s = self._clock.monotonic()
        if context.on_call is not None:
            context.on_call(_SimulatedPartialReply(request, plan, began_s, self._clock))
        await self._sleep(plan.wait_s)
        self._calls.store_prompt(plan, conversation)
        first_token_ms = (self._clock.monotonic() - began_s) * 1000
        await self._finish(plan)
        if not plan.text.strip():
            raise _FAULTS.error(output_limit(self.output_limit(request)))
        return _reply(request, plan, first_token_ms, (self._clock.monotonic() - began_s) * 1000)

    def answer_form(self, request: ChatRequest) -> AnswerForm:
        if request.answer_schema is None:
            return "words"
        return _FORMS.get(self.script.behavior_of(request.model).answer_schema, "words")

    def support(self, model: str, parameters: Parameters) -> ParameterSupport:
        ignored = [name for name in IGNORED if getattr(parameters, name) is not None]
        reasons = self.script.behavior_of(model).reasoning != "none"
        refuses = parameters.reasoning is not None and not reasons
        notes = (f"The simulated provider ignores {', '.join(ignored)}.",) if ignored else ()
        return ParameterSupport({"reasoning": "must be left out: it does not reason"} if refuses else {}, notes)

    async def _finish(self, plan: Plan) -> None:
        """The rest of the call after its first byte. Raises the fault's ProviderError."""
        if plan.fault is Fault.SILENT:
            await self._sleep(min(plan.behavior.silent_s, self._silence_timeout_s))
        if plan.fault in FAILURES:
            cause, status, message = FAILURES[plan.fault]
            retry_after_s = plan.behavior.retry_after_s if plan.fault is Fault.RATE_LIMITED else None
            raise _FAULTS.error(cause, message, status=status, retry_after_s=retry_after_s)
        if plan.chunk_pause_s and plan.chunks:
            await self._sleep(plan.chunks * plan.chunk_pause_s)


@dataclass(frozen=True, slots=True)
class _SimulatedPartialReply(PartialReply):
    """The chunks that the HTTP server would have sent by now, reasoning first."""

    _request: ChatRequest
    _plan: Plan
    _began_s: float
    _clock: Clock

    @property
    def progress(self) -> int:
        """Number of chunks."""
        plan, waited_s = self._plan, self._clock.monotonic() - self._began_s - self._plan.wait_s
        if waited_s < 0 or plan.fault in FAILURES:
            return 0
        return min(plan.chunks, int(waited_s / plan.chunk_pause_s) + 1) if plan.chunk_pause_s else plan.chunks

    def read(self) -> Reply:
        plan, chars = self._plan, self.progress * self._plan.behavior.chunk_chars
        text = plan.text[: max(0, chars - len(plan.reasoning))]
        waited_ms = (self._clock.monotonic() - self._began_s) * 1000
        changes = {"text": text, "reasoning": plan.reasoning[:chars], "finish_reason": STOPPED}
        part = _reply(self._request, plan, plan.wait_s * 1000, waited_ms)
        return part.model_copy(update={**changes, "usage": Usage(), "raw_reply": ""})


def _reply(request: ChatRequest, plan: Plan, first_token_ms: float, latency_ms: float) -> Reply:
    model = f"simulated/{model_id(request.model)}"
    chosen = {name: value for name, value in request.parameters.chosen.items() if name != "system_prompt"}
    sent = {**request.model_dump(include={"max_output_tokens"}, exclude_none=True), "model": model, **chosen}
    mark = slug(plan.upstream)
    received: dict[str, Any] = {"id": plan.request_id, "provider": plan.upstream, "system_fingerprint": mark}
    received |= {"model": model, "finish_reason": plan.finish_reason, "usage": plan.usage.model_dump()}
    return Reply(
        text=plan.text,
        reasoning=plan.reasoning,
        finish_reason=plan.finish_reason,
        usage=plan.usage,
        logprobs=plan.logprobs,
        upstream=plan.upstream,
        system_fingerprint=mark,
        cost_usd=0.0,
        cost_source="provider",
        model=model,
        request_id=plan.request_id,
        latency_ms=latency_ms,
        first_token_ms=first_token_ms,
        raw_request=json.dumps(sent, ensure_ascii=False),
        raw_reply=json.dumps(received, ensure_ascii=False),
    )
