"""The shared dialect: a streamed chat completion as in OpenAI's API, which all our providers support."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from functools import partial
from typing import Any

import httpx
import orjson

from core.clock import Clock
from core.domain.chat import Reply
from core.domain.finish_reason import FinishKind, finish_kind
from core.domain.parameters import Parameters, Reasoning
from core.errors import Advice, ProviderError
from core.providers import causes, faults
from core.providers.answer import AnswerReader, BadAnswer
from core.providers.base import AnswerForm, CallContext, ChatRequest, OnLeft, OutputLimit, Provider
from core.providers.causes import Cause
from core.providers.faults import Faults
from core.providers.http import ProviderHttp
from core.providers.model_list.entries import ListedModel
from core.providers.optional_fields import FieldTries, OptionalFields, answer_form
from core.providers.partial import PartialCompletion
from core.providers.prices import own_rates
from core.providers.problem import Problem, problem_of, read_problem
from core.providers.refused_fields import OUTPUT_LIMITS, RefusedFields, named_among, named_fields
from core.providers.reply import Timing, read_reply
from core.providers.request_fields import RequestFields
from core.providers.retry_after import parse_retry_after
from core.providers.transport import StreamedResponse
from core.providers.unsupported_parameters import ParameterSupport
from core.providers.wire import Merge, encode_json
from core.settings import Account, CallSettings

MAX_ERROR_BODY_BYTES = 64 * 1024
MAX_LIST_BYTES = 16 * 1024 * 1024
NO_LIST = frozenset({404, 405, 501})
"""Statuses of an address without a list of models."""
LIST_TIMEOUT_S = 20.0
"""Longest request of the list of models."""
AFTER_FINISH_S = 10.0
"""Maximum wait for usage, end mark or end of connection after the reply is finished."""


class OpenAICompatible(RequestFields, Provider):
    """A provider at an account's base URL. Subclasses define only the differences."""

    price_list = ""
    """A provider ID of genai-prices; an account's base URL without one."""
    unopened_think_tag = True
    """Whether it may send reasoning, an unopened `</think>` and then the reply as one text."""

    def __init__(self, account: Account, http: ProviderHttp, clock: Clock, settings: CallSettings) -> None:
        self.name = self.account = account.name
        self.price_list = self.price_list or account.base_url
        self._url = str(httpx.URL(account.base_url.rstrip("/") + "/chat/completions"))
        self._list_url = str(httpx.URL(account.base_url.rstrip("/") + "/models"))
        self._key = account.key
        self._max_output_tokens = account.max_output_tokens
        self._http = http
        self._clock = clock
        self._settings = settings
        self._faults = Faults(account.name, account.speaker, account.key)
        self._refused = RefusedFields()
        self._optional = OptionalFields()
        self.listed = lambda _model: None
        self._headers = self.headers()

    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        limit = self.output_limit(request).tokens
        if limit != request.max_output_tokens:
            request = request.model_copy(update={"max_output_tokens": limit})
        chosen = self.chosen_fields(request)
        await context.on_slot()
        tries = FieldTries(self._refused, self._optional, request.model, chosen)
        while True:
            body = _Body(tries.fit(self.body(request), self.optional_fields(request)))
            try:
                reply = await self._call(request, body, context, tries.accept)
            except ProviderError as error:
                if not tries.learn(error):
                    raise self._with_setting(error, request) from error
            else:
                tries.accept()
                return reply if tries.count == 1 else reply.model_copy(update={"calls": tries.count})

    async def list_models(self) -> bytes:
        """The body of GET /models. Raises ProviderError, also for one larger than MAX_LIST_BYTES. Holds no slot."""
        headers = {**self.headers(), "Accept": "application/json"}
        body, timeout_s = bytearray(), min(LIST_TIMEOUT_S, self._settings.timeout_s)
        try:
            async with (
                asyncio.timeout(timeout_s),
                aclosing(await self._http.open("GET", self._list_url, headers)) as response,
            ):
                if response.status in NO_LIST:
                    raise self._faults.error(causes.NO_MODEL_LIST, status=response.status)
                if not response.is_success:
                    raise await self._error_of_status(response)
                while (chunk := await response.read()) is not None:
                    body += chunk
                    if len(body) > MAX_LIST_BYTES:
                        raise self._faults.error(causes.BAD_REPLY, "its list of models is too large")
        except TimeoutError as error:
            raise self._faults.error(causes.TIMEOUT, f"no list of models in {timeout_s:g} s") from error
        except httpx.RequestError as error:
            raise self._faults.error(faults.cause_of_connection_error(error), str(error)) from error
        return bytes(body)

    def use_list(self, listed: Callable[[str], ListedModel | None]) -> None:
        """Take what the provider's list of models says; None for a model that is not in it."""
        self.listed = listed

    def answer_form(self, request: ChatRequest) -> AnswerForm:
        """By the fields that are sent: those that the model is known to reject are not, and a parameter replaces its
        optional field."""
        sent, chosen = self._optional.fit(request.model, self.optional_fields(request)), self.parameter_fields(request)
        return answer_form({name: value for name, value in sent.items() if name not in chosen})

    def turn(self, request: ChatRequest) -> AbstractAsyncContextManager[None]:
        fields = self.optional_fields(request)
        if not self._optional.is_untried(request.model, fields):
            return super().turn(request)
        return self._optional.turn(request.model, fields)

    async def _call(
        self, request: ChatRequest, body: _Body, context: CallContext, on_begun: Callable[[], None]
    ) -> Reply:
        call = _Call(self._clock, self._settings.max_reply_bytes, on_begun)
        if context.on_call is not None:
            context.on_call(PartialCompletion(call.size, partial(self._build_partial_reply, call, request, body)))
        try:
            async with asyncio.timeout(self._settings.timeout_s) as deadline:
                await self._receive(body.content, call, deadline, context.on_left)
            call.answer.close()
        except (TimeoutError, httpx.RequestError) as error:
            if not call.finished_when_cut():
                raise self._connection_error(error) from error
        except BadAnswer as error:
            problem = read_problem(error.data)
            raise self._faults.error(causes.BAD_REPLY, problem.words, raw=error.data) from error
        return self._read_reply(call, request, body)

    def output_limit(self, request: ChatRequest) -> OutputLimit:
        """This account's own limit, if it has one."""
        own = self._max_output_tokens(request.purpose)
        if own is None or request.parameters.max_output_tokens is not None:
            return super().output_limit(request)
        return OutputLimit(f"{request.purpose}_max_output_tokens of {self.name} in OPENAI_COMPATIBLE", own or None)

    def _with_setting(self, error: ProviderError, request: ChatRequest) -> ProviderError:
        """The error; if it is about the output limit or a chosen parameter, with a hint that names it."""
        if error.code == causes.BAD_REQUEST.code:
            if any(name in OUTPUT_LIMITS for name in named_fields(error)):
                error.hint = f"Set {self.output_limit(request)} to what the model takes."
            elif named := named_among(error, self.parameter_fields(request)):
                error.hint = f"Change or remove {', '.join(named)} in this model's parameters."
        return error

    def support(self, model: str, parameters: Parameters) -> ParameterSupport:
        refused = {}
        if parameters.provider is not None:
            refused["provider"] = "is for models of OpenRouter"
        if parameters.reasoning is not None and (why := self.why_not_reasoning(model, parameters.reasoning)):
            refused["reasoning"] = why
        return ParameterSupport(refused)

    def why_not_reasoning(self, _model: str, reasoning: Reasoning) -> str:
        """Why the model cannot reason as chosen, as in ParameterSupport; "" if it may."""
        return "takes only an effort here" if reasoning.effort is None else ""

    def headers(self) -> dict[str, str]:
        """Headers of every call. The key appears nowhere else."""
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",  # compression does not help small chunks and adds latency
            "User-Agent": "model-hunter",
        }
        return {**headers, "Authorization": f"Bearer {self._key}"} if self._key else headers

    def cause_of(self, status: int, problem: Problem) -> Cause:
        """The cause of an error at this provider."""
        return causes.cause_of(status, problem)

    async def _receive(self, content: bytes, call: _Call, deadline: asyncio.Timeout, on_left: OnLeft) -> None:
        """Read the response. After the finish, wait only briefly: only token counts can follow."""
        async with aclosing(await self._http.open("POST", self._url, self._headers, content, on_left)) as response:
            call.headers = response.headers
            if not response.is_success:
                raise await self._error_of_status(response)
            while (chunk := await response.read()) is not None:
                choices = call.answer.merged.choices
                call.feed(chunk)
                if call.answer.merged.done or (call.finished and call.answer.too_large):
                    return
                if call.answer.too_large:
                    raise self._faults.error(causes.REPLY_TOO_LARGE)
                if call.finished and call.answer.merged.choices > choices:
                    soon = asyncio.get_running_loop().time() + AFTER_FINISH_S
                    deadline.reschedule(min(soon, deadline.when() or soon))

    def _read_reply(self, call: _Call, request: ChatRequest, body: _Body) -> Reply:
        """The reply. Raises ProviderError if it has an error or is unfinished, refused or empty."""
        merged = call.answer.merged
        if failed := self._find_error(merged, call.headers):
            raise failed
        reply = self._build_reply(call, request, body)
        if not reply.text.strip():
            raise self._empty(reply, merged, request)
        return reply

    def _build_partial_reply(self, call: _Call, request: ChatRequest, body: _Body) -> Reply:
        with suppress(BadAnswer):  # reported when the call ends
            call.answer.parse()
        return self._build_reply(call, request, body, complete=False)

    def _build_reply(self, call: _Call, request: ChatRequest, body: _Body, *, complete: bool = True) -> Reply:
        return read_reply(
            call.answer.merged,
            request=request,
            timing=call.timing(),
            raw_request=body.without_messages.decode(),
            price_list=self.price_list,
            own_rates=own_rates(self.listed(request.model)),
            unopened_think_tag=self.unopened_think_tag,
            now=self._clock.now(),
            complete=complete,
        )

    def _find_error(self, merged: Merge, headers: Mapping[str, str]) -> ProviderError | None:
        """The error in a response, if any; for a finished reply only a refusal."""
        kind = finish_kind(merged.finish_reason)
        if merged.error is not None:
            return self._error_in_body(merged.error, headers)
        if merged.refusal or kind is FinishKind.FILTERED:
            return self._faults.error(
                causes.REFUSED, "".join(merged.refusal) or _unusual_finish("content_filter", merged)
            )
        if merged.finished:
            return None
        problem = problem_of(merged.rest)
        if problem.words or problem.status:
            return self._error_in_body(merged.rest, headers)
        if kind is FinishKind.FAILED:
            reason = _unusual_finish("error", merged)
            words = "the model failed while it was replying" + (f" ({reason})" if reason else "")
            return self._faults.error(causes.SERVER_ERROR, words)
        return self._faults.error(causes.EMPTY_REPLY if merged.rest and not merged.choices else causes.CUT_STREAM)

    def _empty(self, reply: Reply, merged: Merge, request: ChatRequest) -> ProviderError:
        if reply.cut_off:
            return self._faults.error(causes.output_limit(self.output_limit(request)))
        return self._faults.error(causes.TOOLS_ONLY if merged.calls_tools else causes.EMPTY_REPLY)

    async def _error_of_status(self, response: StreamedResponse) -> ProviderError:
        """The error of a non-200 status, with the received part of its body."""
        raw = bytearray()
        with suppress(httpx.RequestError):
            while (chunk := await response.read()) is not None:
                raw += chunk
                if len(raw) > MAX_ERROR_BODY_BYTES:
                    break
        problem, status = read_problem(bytes(raw)), response.status
        cause = self.cause_of(status, problem)
        pause = self._pause_s(cause, response.headers)
        return self._faults.error(cause, problem.words, status=status, retry_after_s=pause, raw=bytes(raw))

    def _pause_s(self, cause: Cause, headers: Mapping[str, str]) -> float | None:
        """The provider's Retry-After, if retrying helps."""
        return None if cause.advice is Advice.NEVER else parse_retry_after(headers, self._clock.now())

    def _connection_error(self, error: TimeoutError | httpx.RequestError) -> ProviderError:
        if isinstance(error, TimeoutError):
            return self._faults.error(causes.TIMEOUT, f"{self._settings.timeout_s:g} s have passed")
        return self._faults.error(faults.cause_of_connection_error(error), str(error))

    def _error_in_body(self, error: Any, headers: Mapping[str, str]) -> ProviderError:
        """An error in a response of status 200."""
        problem = problem_of(error)
        cause = self.cause_of(problem.status or 200, problem)
        pause = self._pause_s(cause, headers)
        return self._faults.error(
            cause, problem.words, status=problem.status, retry_after_s=pause, raw=encode_json(error)
        )


def _unusual_finish(usual: str, merged: Merge) -> str:
    """The provider's finish reason, if it differs from the usual one."""
    return "" if merged.finish_reason == usual else merged.finish_reason


class _Body:
    """The JSON of a request, of which the part without the messages is kept with the reply."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        fields = dict(fields)
        messages = orjson.dumps(fields.pop("messages"))
        self.without_messages = orjson.dumps(fields)
        self.content = b'%b,"messages":%b}' % (self.without_messages[:-1], messages)


class _Call:
    """The state of one call: the received part of the response, and its timing."""

    def __init__(self, clock: Clock, max_reply_bytes: int, on_begun: Callable[[], None]) -> None:
        """`on_begun` is called when the first text or reasoning arrives."""
        self.answer = AnswerReader(max_reply_bytes)
        self.headers: Mapping[str, str] = {}
        """The response's headers, once received."""
        self._clock, self._on_begun = clock, on_begun
        self._started_at = self._ended_at = clock.monotonic()
        self._first_at: float | None = None

    @property
    def finished(self) -> bool:
        return self.answer.merged.finished

    def size(self) -> int:
        """Bytes received."""
        return self.answer.size

    def feed(self, chunk: bytes) -> None:
        """Merge a chunk."""
        self.answer.feed(chunk)
        self._ended_at = self._clock.monotonic()
        if self._first_at is None and self.answer.merged.begun:
            self._first_at = self._ended_at
            self._on_begun()

    def finished_when_cut(self) -> bool:
        """Whether the reply was complete before the connection broke."""
        with suppress(BadAnswer):
            self.answer.close()
        return self.finished

    def timing(self) -> Timing:
        first_ms = None if self._first_at is None else (self._first_at - self._started_at) * 1000
        return Timing((self._ended_at - self._started_at) * 1000, first_ms)
