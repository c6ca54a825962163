"""The provider interface: takes one request, returns one complete reply or raises ProviderError with advice."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from core.domain.chat import Message, Reply
from core.domain.parameters import NO_PARAMETERS, Parameters
from core.domain.value import Value
from core.errors import ProviderError
from core.providers.unsupported_parameters import ParameterSupport

Purpose = Literal["target", "judge"]

AnswerForm = Literal["schema", "object", "words"]
"""The schema is enforced, any JSON object is, or nothing: only the messages ask for the object."""


@dataclass(frozen=True)
class AnswerSchema:
    """The JSON object that an answer must be. Enforced where the model supports it."""

    name: str
    schema: Mapping[str, Any]
    """With keywords that every provider's strict mode takes: types, enums, required and additionalProperties."""

    @cached_property
    def response_format(self) -> Mapping[str, Any]:
        described = {"name": self.name, "strict": True, "schema": self.schema}
        return {"type": "json_schema", "json_schema": described}


@dataclass(frozen=True)
class SharedPrefix:
    """The beginning that a request has in common with others, for the prompt caches of providers."""

    key: str
    """The same for requests with this beginning."""
    chars: int
    """Of the first user message."""
    repeated: bool
    """Others follow once this request has been answered. If not, storing it costs more than it saves."""


class ChatRequest(Value):
    """A chat request. `model` is the provider's own model ID, without the provider's name."""

    model: str
    messages: tuple[Message, ...]
    purpose: Purpose = "target"
    max_output_tokens: int | None = None
    """The operator's limit for this purpose, which `parameters.max_output_tokens` replaces. None: the provider's
    default."""
    parameters: Parameters = NO_PARAMETERS
    """A system prompt among them goes before `messages`."""
    answer_schema: AnswerSchema | None = None
    """The messages ask for such an object too, since some models take no schema."""
    default_parameters: Parameters = NO_PARAMETERS
    """Apply where the model takes them and `parameters` has no value."""
    logprobs: bool = False
    """Ask for the log-probabilities of the reply's tokens, where the model gives them."""
    shared_prefix: SharedPrefix | None = None

    @property
    def every_message(self) -> tuple[Message, ...]:
        """The messages as they are sent: the system prompt of the parameters, then the request's own."""
        prompt = self.parameters.system_prompt
        return self.messages if prompt is None else (Message(role="system", content=prompt), *self.messages)


@dataclass(frozen=True)
class OutputLimit:
    """The output limit of a call, and the setting that controls it."""

    setting: str
    tokens: int | None
    """None: the provider's default."""

    def __str__(self) -> str:
        now = f"{self.tokens:,}" if self.tokens else "the provider's own limit"
        return f"{self.setting} ({now} now)"


@dataclass
class RetryBudget:
    """The retries left for all calls of a run. At 0 the next failure is final."""

    left: int = 10

    def spend(self) -> bool:
        """Uses one retry; False if none is left."""
        if self.left <= 0:
            return False
        self.left -= 1
        return True


OnLeft = Callable[[asyncio.Future[None]], None]


class PartialReply(ABC):
    """What has arrived so far of a call in flight. Costs nothing until it is read."""

    @property
    @abstractmethod
    def progress(self) -> int:
        """Grows whenever something arrives; cheap to read."""

    @abstractmethod
    def read(self) -> Reply:
        """The received part, split into reply and reasoning like a complete reply; its finish reason is `STOPPED`.

        Both texts may be empty. Takes time in proportion to their length. Text that may be the beginning of a reasoning
        tag is left out until that is known.
        """


async def _ignore_async(*_args: object) -> None:
    """Does nothing."""


def _ignore(_ended: object) -> None:
    """Does nothing."""


@dataclass(frozen=True)
class CallContext:
    """The context of one call, created by the caller."""

    session: str = ""
    """For fair scheduling in the throttle; never sent to a provider."""
    user: str = ""
    """Whose daily budget pays; "" without sign-in."""
    budget: RetryBudget = field(default_factory=RetryBudget)
    background: bool = False
    """Starts only when no other call waits for the account."""
    on_slot: Callable[[], Awaitable[None]] = _ignore_async
    """Awaited after the slot is acquired and before the request is sent."""
    on_retry: Callable[[ProviderError, int, float], Awaitable[None]] = _ignore_async
    """Awaited before each retry's pause: the error, the attempts so far, the pause in seconds."""
    on_left: OnLeft = _ignore
    """Called when a cancelled call is still in flight at the provider, with a future that completes when it ends
    there."""
    on_call: Callable[[PartialReply], None] | None = None
    """Called when each HTTP call starts (first tries and retries), with its growing reply. None: nobody reads it."""


class ProviderNumbers(Value):
    """Counters of one account since the process started, for the admin status."""

    requests: int = 0
    errors: int = 0
    rate_limited: int = 0
    retries: int = 0
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None


_NO_WAIT = nullcontext()


class Provider(ABC):
    """Calls models of one account. Holds no slot and does not retry: see Throttled and Retrying."""

    name: str
    """The part of a model's name before the first slash."""
    account: str
    """One provider with one key; limits apply per account."""
    simulated: bool = False

    def output_limit(self, request: ChatRequest) -> OutputLimit:
        """The output limit of such a request."""
        if (chosen := request.parameters.max_output_tokens) is not None:
            return OutputLimit("max_output_tokens of the model's parameters", chosen)
        return OutputLimit(f"{request.purpose.upper()}_MAX_OUTPUT_TOKENS", request.max_output_tokens)

    def answer_form(self, _request: ChatRequest) -> AnswerForm:
        """What such a request enforces, as far as it is known."""
        return "words"

    def turn(self, _request: ChatRequest) -> AbstractAsyncContextManager[None]:
        """Entered before a call acquires its slot. Waits while another call finds out what the model takes."""
        return _NO_WAIT

    def support(self, _model: str, _parameters: Parameters) -> ParameterSupport:
        """How a model takes parameters, as far as it is documented; the model is called by nobody."""
        return ParameterSupport()

    @abstractmethod
    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        """Makes one call and returns a complete, non-empty reply.

        Raises ProviderError with advice otherwise. Cancelling returns at once; a call that cannot be aborted at once is
        passed to `context.on_left`.
        """


class ProviderLayer(Provider):
    """A provider around another one. Passes on everything but the call."""

    def __init__(self, inner: Provider) -> None:
        self.name, self.account, self.simulated = inner.name, inner.account, inner.simulated
        self._inner = inner

    def output_limit(self, request: ChatRequest) -> OutputLimit:
        return self._inner.output_limit(request)

    def answer_form(self, request: ChatRequest) -> AnswerForm:
        return self._inner.answer_form(request)

    def turn(self, request: ChatRequest) -> AbstractAsyncContextManager[None]:
        return self._inner.turn(request)

    def support(self, model: str, parameters: Parameters) -> ParameterSupport:
        return self._inner.support(model, parameters)
