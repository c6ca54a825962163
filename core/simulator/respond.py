"""Sends what a plan says as an HTTP response: the reply or the fault, streamed or whole."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from core.simulator import dialect
from core.simulator.call import Plan
from core.simulator.counters import OpenCall
from core.simulator.dialect import DONE, PROCESSING, ChatCall, chunk, completion, encode, event
from core.simulator.http import Response
from core.simulator.script import FAILURES, REFUSALS, Fault

JSON_TYPE = "application/json"
SSE_TYPE = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Responder:
    plan: Plan
    call: ChatCall
    response: Response
    open_call: OpenCall

    async def respond(self) -> None:
        """The whole response. Returns when it is sent, or ended as its fault ends it."""
        await asyncio.sleep(self.plan.wait_s)
        if self.plan.fault in REFUSALS:
            self._refuse()
        elif self.call.streamed:
            await self._stream()
        else:
            await self._send_whole()

    def _refuse(self) -> None:
        fault, (_, status, _) = self.plan.fault, FAILURES[self.plan.fault]
        headers = {"Retry-After": f"{self.plan.behavior.retry_after_s:g}"} if fault is Fault.RATE_LIMITED else None
        self._end_call()
        self.response.send(200 if fault is Fault.ERROR_IN_200 else status, encode(self._error()), JSON_TYPE, headers)

    async def _send_whole(self) -> None:
        plan, fault = self.plan, self.plan.fault
        body = encode(self._whole_body())
        if fault is Fault.SILENT:
            await self._hang()
            return
        if fault is Fault.SLOW:
            await asyncio.sleep(plan.chunk_pause_s * len(dialect.deltas(plan)))
        self._end_call()
        if fault is Fault.CUT_STREAM:
            self.response.start(200, JSON_TYPE, length=len(body))
            self.response.write(body[: len(body) // 2])
            self.response.cut()
        else:
            self.response.send(200, body, JSON_TYPE)

    def _whole_body(self) -> dict[str, Any]:
        plan, model, message = self.plan, self.call.model, dialect.message(self.plan)
        if plan.fault is Fault.EMPTY_REPLY:
            empty = completion(plan, model, {"content": ""}, "stop")
            return {**empty, "choices": []} if self._odd else empty
        if plan.fault is Fault.ERROR_MID_STREAM:
            half = {**message, "content": message["content"][: len(message["content"]) // 2]}
            return {**completion(plan, model, half, "error"), **self._error()}
        return completion(plan, model, message, plan.finish_reason)

    async def _stream(self) -> None:
        plan, fault, response = self.plan, self.plan.fault, self.response
        response.start(200, SSE_TYPE, headers={"Cache-Control": "no-cache"})
        events = self._events()
        if fault in {Fault.SILENT, Fault.CUT_STREAM, Fault.ERROR_MID_STREAM}:
            events = events[: max(1, len(events) // 2)]
        if fault is Fault.SLOW:
            events.insert(1, PROCESSING)
        for piece in events if plan.chunk_pause_s else [b"".join(events)]:
            response.write(piece)
            if plan.chunk_pause_s:
                await response.pause(plan.chunk_pause_s)
        if fault is Fault.SILENT:
            await self._hang()
            return
        self._end_call()
        if fault is Fault.CUT_STREAM:
            response.write(b"", last=self._odd)  # half of them end as HTTP should, only without a finish reason
            response.cut()
        else:
            response.write(self._last_events(), last=True)

    def _events(self) -> list[bytes]:
        """The reply as events, without the last ones. An empty reply has no deltas, or not even choices."""
        plan, model = self.plan, self.call.model
        first = chunk(plan, model, {"role": "assistant", "content": ""})
        last = event(chunk(plan, model, {}, plan.finish_reason))
        if plan.fault is Fault.EMPTY_REPLY:
            return [event({**first, "choices": []})] if self._odd else [event(first), last]
        return [event(first), *dialect.delta_events(plan, model), last]

    def _last_events(self) -> bytes:
        if self.plan.fault is Fault.ERROR_MID_STREAM:
            error = chunk(self.plan, self.call.model, {"content": ""}, "error")
            return event({**error, **self._error()}) + DONE
        return (event(dialect.usage_chunk(self.plan, self.call.model)) if self.call.with_usage else b"") + DONE

    async def _hang(self) -> None:
        await self.response.pause(self.plan.behavior.silent_s)
        self._end_call()
        self.response.cut()

    def _end_call(self) -> None:
        self.open_call.end("completed" if self.plan.fault is Fault.NONE else self.plan.fault.value)

    def _error(self) -> dict[str, Any]:
        _, status, message = FAILURES[self.plan.fault]
        return dialect.error_body(message, kind=f"simulated_{self.plan.fault.value}", code=status)

    @property
    def _odd(self) -> bool:
        """Chooses between the two forms of a fault; the same at every replay."""
        return int(self.plan.request_id[-1], 16) % 2 == 1
