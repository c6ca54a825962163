"""The provider interface: takes one request, returns one complete reply or raises ProviderError with advice."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from core.domain.chat import Message, Reply
from core.domain.value import Value
from core.errors import ProviderError


class ChatRequest(Value):
    """A chat request. `model` is the provider's own model ID, without the provider's name."""

    model: str
    messages: tuple[Message, ...]
    purpose: Literal["target", "judge"] = "target"
    max_output_tokens: int | None = None
    """None: the provider's default."""
    temperature: float | None = None
    """None: not sent, the model's default applies."""


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


async def _ignore_async(*_args: object) -> None:
    """Does nothing."""


def _ignore(_ended: object) -> None:
    """Does nothing."""


@dataclass(frozen=True)
class CallContext:
    """The context of one call, created by the caller."""

    session: str = ""
    """For fair scheduling in the throttle; never sent to a provider."""
    budget: RetryBudget = field(default_factory=RetryBudget)
    on_slot: Callable[[], Awaitable[None]] = _ignore_async
    """Awaited after the slot is acquired and before the request is sent."""
    on_retry: Callable[[ProviderError, int, float], Awaitable[None]] = _ignore_async
    """Awaited before each retry's pause: the error, the attempts so far, the pause in seconds."""
    on_left: OnLeft = _ignore
    """Called when a cancelled call is still in flight at the provider, with a future that completes when it ends
    there."""


class ProviderNumbers(Value):
    """Counters of one account since the process started, for the admin status."""

    requests: int = 0
    errors: int = 0
    rate_limited: int = 0
    retries: int = 0
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None


class Provider(ABC):
    """Calls models of one account. Holds no slot and does not retry: see Throttled and Retrying."""

    name: str
    """The part of a model's name before the first slash."""
    account: str
    """One provider with one key; limits apply per account."""
    simulated: bool = False

    def output_limit(self, request: ChatRequest) -> OutputLimit:
        """The output limit of such a request."""
        return OutputLimit(f"{request.purpose.upper()}_MAX_OUTPUT_TOKENS", request.max_output_tokens)

    @abstractmethod
    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        """Makes one call and returns a complete, non-empty reply.

        Raises ProviderError with advice otherwise. Cancelling returns at once; a call that cannot be aborted at once is
        passed to `context.on_left`.
        """
