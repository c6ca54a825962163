"""Sends what a plan says as an HTTP response: the reply or the fault, streamed or whole."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from core.simulator.call import Plan
from core.simulator.counters import OpenCall
from core.simulator.dialect import (
    DONE,
    PROCESSING,
    chunk,
    completion,
    delta_events,
    deltas,
    encode,
    error_body,
    event,
    reply_fields,
    usage_chunk,
)
from core.simulator.faults import FAILURES, REFUSALS, Fault
from core.simulator.http import Response

JSON_TYPE = "application/json"
SSE_TYPE = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Responder:
    plan: Plan
    model: str
    """As it was asked for."""
    streamed: bool
    with_usage: bool
    response: Response
    call: OpenCall

    async def respond(self) -> None:
        """The whole response. Returns when it is sent, or ended as its fault ends it."""
        await asyncio.sleep(self.plan.wait_s)
        if self.plan.fault in REFUSALS:
            self._refuse()
        elif self.streamed:
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
            await asyncio.sleep(plan.chunk_pause_s * len(deltas(plan)))
        self._end_call()
        if fault is Fault.CUT_STREAM:
            self.response.start(200, JSON_TYPE, length=len(body))
            self.response.write(body[: len(body) // 2])
            self.response.cut()
        else:
            self.response.send(200, body, JSON_TYPE)

    def _whole_body(self) -> dict[str, Any]:
        plan, message = self.plan, reply_fields(self.plan)
        if plan.fault is Fault.EMPTY_REPLY:
            empty = completion(plan, self.model, {"content": ""})
            return {**empty, "choices": []} if self._odd else empty
        if plan.fault is Fault.ERROR_MID_STREAM:
            half = {**message, "content": message["content"][: len(message["content"]) // 2]}
            return {**completion(plan, self.model, half, "error"), **self._error()}
        return completion(plan, self.model, message)

    async def _stream(self) -> None:
        plan, fault = self.plan, self.plan.fault
        self.response.start(200, SSE_TYPE, headers={"Cache-Control": "no-cache"})
        events = self._events()
        if fault in {Fault.SILENT, Fault.CUT_STREAM, Fault.ERROR_MID_STREAM}:
            events = events[: max(1, len(events) // 2)]
        if fault is Fault.SLOW:
            events.insert(1, PROCESSING)
        if plan.chunk_pause_s:
            for piece in events:
                self.response.write(piece)
                await self.response.pause(plan.chunk_pause_s)
        else:
            self.response.write(b"".join(events))
        await self._end_stream()

    async def _end_stream(self) -> None:
        fault, response = self.plan.fault, self.response
        if fault is Fault.SILENT:
            await self._hang()
            return
        self._end_call()
        if fault is Fault.CUT_STREAM:
            if self._odd:  # half of them end as HTTP should, only without a finish reason
                response.end()
            response.cut()
            return
        if fault is Fault.ERROR_MID_STREAM:
            response.write(event({**chunk(self.plan, self.model, {"content": ""}, "error"), **self._error()}))
        elif self.with_usage:
            response.write(event(usage_chunk(self.plan, self.model)))
        response.write(DONE)
        response.end()

    def _events(self) -> list[bytes]:
        """The reply as events, without usage and [DONE]. An empty reply has only its first and last, or no choices."""
        first = chunk(self.plan, self.model, {"role": "assistant", "content": ""})
        last = event(chunk(self.plan, self.model, {}, "stop"))
        if self.plan.fault is Fault.EMPTY_REPLY:
            return [event({**first, "choices": []})] if self._odd else [event(first), last]
        return [event(first), *delta_events(self.plan, self.model), last]

    async def _hang(self) -> None:
        await self.response.pause(self.plan.behavior.silent_s)
        self._end_call()
        self.response.cut()

    def _end_call(self) -> None:
        self.call.end("completed" if self.plan.fault is Fault.NONE else self.plan.fault.value)

    def _error(self) -> dict[str, Any]:
        _, status, message = FAILURES[self.plan.fault]
        return error_body(message, kind=f"simulated_{self.plan.fault.value}", code=status)

    @property
    def _odd(self) -> bool:
        """Chooses between the two forms of a fault; the same at every replay."""
        return int(self.plan.request_id[-1], 16) % 2 == 1
