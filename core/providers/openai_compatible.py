"""The one dialect: a streamed chat completion as OpenAI's API has it, which all our providers speak."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from core.clock import Clock
from core.domain.chat import Reply
from core.errors import Advice, ProviderError
from core.providers import faults
from core.providers.base import CallContext, ChatRequest, OnLeft, Provider
from core.providers.faults import Cause, Faults, Problem
from core.providers.http import ProviderHttp
from core.providers.reply import Timing, read_reply
from core.providers.retry_after import asked_pause_s
from core.providers.sse import EventReader
from core.providers.transport import ON_LEFT
from core.providers.wire import DONE, Merge
from core.settings import Settings

ERROR_BODY_MOST_BYTES = 64 * 1024
WHOLE = frozenset({"stop", "length", "tool_calls", "function_call", "end_turn", "eos", "max_tokens", "stop_sequence"})
"""Finish reasons of a reply that may be judged; `length` is kept in the reply for people to see."""


@dataclass(frozen=True)
class Limits:
    """Of one call; from the settings. The limit on silence is the HTTP client's (http.py)."""

    call_s: float
    reply_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(settings.call_timeout_s, settings.reply_max_bytes)


class OpenAICompatible(Provider):
    """A provider at `base_url`. Subclasses say only what is different there."""

    price_list = ""
    """An id of genai-prices; "" when its prices are not known."""
    lone_close = True
    """It may send reasoning, a lone `</think>` and then the reply as one text."""
    output_limit_field = "max_tokens"

    def __init__(
        self, name: str, label: str, base_url: str, key: str, http: ProviderHttp, clock: Clock, limits: Limits
    ) -> None:
        self.name = self.account = name
        self.label = label
        self._url = httpx.URL(base_url.rstrip("/") + "/chat/completions")
        self._key = key
        self._http = http
        self._clock = clock
        self._limits = limits
        self._faults = Faults(name, label, key)
        self._headers = httpx.Headers(self.headers())

    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        body = self.body(request)
        await context.on_slot()
        try:
            async with asyncio.timeout(self._limits.call_s):
                return await self._call(request, body, context.on_left)
        except TimeoutError as error:
            raise self._faults.error(faults.TIMEOUT, f"{self._limits.call_s:g} s have passed") from error
        except httpx.RequestError as error:
            raise self._faults.error(faults.cause_of_break(error), str(error)) from error

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """The request's JSON. The messages go out exactly as they are."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.max_output_tokens is not None:
            body[self.output_limit_field] = request.max_output_tokens
        if request.temperature is not None:
            body["temperature"] = request.temperature
        return body

    def headers(self) -> dict[str, str]:
        """Headers of every call; the key is in no other place."""
        told = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",  # a stream of small chunks gains nothing by it and loses time
            "User-Agent": "model-hunter",
        }
        return {**told, "Authorization": f"Bearer {self._key}"} if self._key else told

    def cause_of(self, status: int, problem: Problem) -> Cause:
        """What an error means here."""
        return faults.cause_of(status, problem)

    async def _call(self, request: ChatRequest, body: dict[str, Any], on_left: OnLeft) -> Reply:
        started_at = self._clock.monotonic()
        merged, reader = Merge(), _Reader(self._limits.reply_bytes)
        first_at: float | None = None
        async with aclosing(await self._sent(orjson.dumps(body), on_left)) as response:
            if response.status_code != httpx.codes.OK:
                raise await self._refusal(response)
            streamed = "event-stream" in response.headers.get("content-type", "")
            async for chunk in response.aiter_raw():
                for event in reader.feed(chunk) if streamed else reader.keep(chunk):
                    self._add(merged, event)
                if first_at is None and merged.begun:
                    first_at = self._clock.monotonic()
                if reader.too_large:
                    raise self._faults.error(faults.REPLY_TOO_LARGE)
                if merged.done:
                    break
        for event in reader.rest() if streamed else [reader.kept]:
            self._add(merged, event)
        ended_at = self._clock.monotonic()
        timing = Timing((ended_at - started_at) * 1000, None if first_at is None else (first_at - started_at) * 1000)
        return self._whole(merged, request, body, timing)

    async def _sent(self, content: bytes, on_left: OnLeft) -> httpx.Response:
        """The answer to that body, open. The request is made without the client's defaults, which cost more than it."""
        extensions = {ON_LEFT: on_left}
        request = httpx.Request("POST", self._url, headers=self._headers, content=content, extensions=extensions)
        return await self._http.send_bare(request)

    def _add(self, merged: Merge, event: bytes) -> None:
        try:
            merged.add_event(event)
        except ValueError as error:
            problem = faults.read_problem(event)
            raise self._faults.error(faults.BAD_REPLY, problem.words, raw=event) from error

    def _whole(self, merged: Merge, request: ChatRequest, body: Mapping[str, Any], timing: Timing) -> Reply:
        """The reply, if it is one: no error in it, said to be finished, not refused, not empty."""
        if merged.error is not None:
            raise self._error_inside(merged.error)
        if merged.refusal or merged.finish_reason == "content_filter":
            raise self._faults.error(faults.REFUSED, "".join(merged.refusal))
        if merged.finish_reason == "error":
            raise self._faults.error(faults.SERVER_ERROR, "the model failed while it was replying")
        if not merged.choices:
            raise self._faults.error(faults.EMPTY_REPLY if merged.rest else faults.CUT_STREAM)
        if merged.finish_reason not in WHOLE:
            raise self._faults.error(faults.CUT_STREAM, merged.finish_reason)
        sent = {name: value for name, value in body.items() if name != "messages"}
        reply = read_reply(
            merged,
            timing=timing,
            raw_request=orjson.dumps(sent).decode(),
            price_list=self.price_list,
            model=request.model,
            lone_close=self.lone_close,
            now=self._clock.now(),
        )
        if not reply.text.strip():
            if reply.cut_off:
                limit = "JUDGE_MAX_OUTPUT_TOKENS" if request.purpose == "judge" else "TARGET_MAX_OUTPUT_TOKENS"
                raise self._faults.error(faults.output_limit(limit, request.max_output_tokens))
            raise self._faults.error(faults.EMPTY_REPLY)
        return reply

    async def _refusal(self, response: httpx.Response) -> ProviderError:
        raw = bytearray()
        async for chunk in response.aiter_raw():
            raw += chunk
            if len(raw) > ERROR_BODY_MOST_BYTES:
                break
        problem, status = faults.read_problem(bytes(raw)), response.status_code
        cause = self.cause_of(status, problem)
        pause = asked_pause_s(response.headers, self._clock.now()) if cause.advice is not Advice.NEVER else None
        return self._faults.error(cause, problem.words, status=status, retry_after_s=pause, raw=bytes(raw))

    def _error_inside(self, error: Any) -> ProviderError:
        """An error in an answer of status 200."""
        problem = faults.problem_of(error)
        cause = self.cause_of(problem.status or 500, problem)
        return self._faults.error(cause, problem.words, status=problem.status, raw=orjson.dumps(error))


class _Reader:
    """Bytes of one answer: events of a stream, or one body, counted."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._size = 0
        self._events = EventReader()
        self._body: list[bytes] = []

    @property
    def too_large(self) -> bool:
        return self._size > self._most

    @property
    def kept(self) -> bytes:
        return b"".join(self._body)

    def feed(self, chunk: bytes) -> list[bytes]:
        self._size += len(chunk)
        return self._events.feed(chunk)

    def keep(self, chunk: bytes) -> list[bytes]:
        self._size += len(chunk)
        self._body.append(chunk)
        return []

    def rest(self) -> list[bytes]:
        return [event for event in self._events.rest() if event != DONE]
