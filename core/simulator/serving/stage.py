"""Acting a plan out on a connection: the reply or the mishap, streamed or whole."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.simulator.failures import FAILURES
from core.simulator.mishaps import ANSWERS_AT_ONCE, Mishap
from core.simulator.plan import Plan
from core.simulator.serving.bodies import (
    DONE,
    JSON_TYPE,
    PROCESSING,
    SSE_TYPE,
    chunk,
    completion,
    delta_events,
    deltas,
    encoded,
    error_body,
    event,
    reply_fields,
    usage_chunk,
)
from core.simulator.serving.counters import Ticket
from core.simulator.serving.http1 import Answer


@dataclass(frozen=True, slots=True)
class Stage:
    plan: Plan
    model: str
    """As it was asked for."""
    streamed: bool
    with_usage: bool
    answer: Answer
    ticket: Ticket

    async def play(self) -> None:
        """The whole of the answer. Returns when it was sent, or ended as its mishap ends it."""
        await asyncio.sleep(self.plan.wait_s)
        if self.plan.mishap in ANSWERS_AT_ONCE:
            self._refuse(self.plan.mishap)
        elif self.streamed:
            await self._play_stream()
        else:
            await self._play_whole()

    def _refuse(self, mishap: Mishap) -> None:
        _, status, words = FAILURES[mishap]
        headers = {"Retry-After": f"{self.plan.role.retry_after_s:g}"} if mishap is Mishap.RATE_LIMITED else None
        self.ticket.end(mishap.value)
        body = encoded(error_body(words, kind=f"simulated_{mishap.value}", code=status))
        self.answer.whole(200 if mishap is Mishap.ERROR_IN_200 else status, body, JSON_TYPE, headers)

    async def _play_whole(self) -> None:
        plan, mishap = self.plan, self.plan.mishap
        message = reply_fields(plan.role, plan.text, plan.reasoning)
        if mishap is Mishap.SILENT:
            await self._say_nothing()
            return
        if mishap is Mishap.CUT_STREAM:
            body = encoded(completion(plan, self.model, message))
            self.ticket.end(mishap.value)
            self.answer.part_of_whole(200, body[: len(body) // 2], JSON_TYPE, len(body) - len(body) // 2)
            self.answer.cut()
            return
        if mishap is Mishap.SLOW:
            await asyncio.sleep(plan.chunk_pause_s * len(deltas(plan.role, plan.text, plan.reasoning)))
        self.ticket.end(mishap.value if mishap else "completed")
        self.answer.whole(200, encoded(self._whole_body(message)), JSON_TYPE)

    def _whole_body(self, message: Mapping[str, Any]) -> dict[str, Any]:
        plan = self.plan
        if plan.mishap is Mishap.EMPTY_REPLY:
            empty = completion(plan, self.model, {"content": ""})
            return {**empty, "choices": []} if self._odd else empty
        if plan.mishap is Mishap.ERROR_MID_STREAM:
            half = {**message, "content": message["content"][: len(message["content"]) // 2]}
            return {**completion(plan, self.model, half, "error"), **self._upstream_error()}
        return completion(plan, self.model, message)

    async def _play_stream(self) -> None:
        plan, mishap = self.plan, self.plan.mishap
        self.answer.stream(200, SSE_TYPE)
        events = self._events()
        if mishap in {Mishap.SILENT, Mishap.CUT_STREAM, Mishap.ERROR_MID_STREAM}:
            events = events[: max(1, len(events) // 2)]
        if mishap is Mishap.SLOW:
            events.insert(1, PROCESSING)
        if plan.chunk_pause_s:
            for piece in events:
                self.answer.pieces(piece)
                await asyncio.sleep(plan.chunk_pause_s)
        else:
            self.answer.pieces(*events)
        await self._end_stream()

    async def _end_stream(self) -> None:
        mishap = self.plan.mishap
        if mishap is Mishap.SILENT:
            await self._say_nothing()
            return
        self.ticket.end(mishap.value if mishap else "completed")
        if mishap is Mishap.CUT_STREAM:
            self.answer.pieces(last=self._odd)  # half of them end as HTTP should, only without a finish reason
            self.answer.cut()
        elif mishap is Mishap.ERROR_MID_STREAM:
            last = {**chunk(self.plan, self.model, {"content": ""}, "error"), **self._upstream_error()}
            self.answer.pieces(event(last), DONE, last=True)
        else:
            usage = event(usage_chunk(self.plan, self.model)) if self.with_usage else b""
            self.answer.pieces(usage, DONE, last=True)

    def _events(self) -> list[bytes]:
        """The reply as events, without usage and [DONE]. An empty reply has only its frame, or not even that."""
        plan = self.plan
        first = chunk(plan, self.model, {"role": "assistant", "content": ""})
        last = chunk(plan, self.model, {}, "stop")
        if plan.mishap is Mishap.EMPTY_REPLY:
            return [event({**first, "choices": []})] if self._odd else [event(first), event(last)]
        middle = delta_events(plan, self.model, deltas(plan.role, plan.text, plan.reasoning))
        return [event(first), *middle, event(last)]

    async def _say_nothing(self) -> None:
        await asyncio.sleep(self.plan.role.silent_s)
        self.ticket.end(Mishap.SILENT.value)
        self.answer.cut()

    def _upstream_error(self) -> dict[str, Any]:
        _, status, words = FAILURES[Mishap.ERROR_MID_STREAM]
        return error_body(words, kind="simulated_error_mid_stream", code=status)

    @property
    def _odd(self) -> bool:
        """A coin for mishaps that have two forms; the same at every replay."""
        return int(self.plan.request_id[-1], 16) % 2 == 1
