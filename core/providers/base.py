"""The provider's promise: one request in, one whole reply out, or a ProviderError with advice."""

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
    """What is asked. `model` is the provider's own id of the model, without the provider's name."""

    model: str
    messages: tuple[Message, ...]
    purpose: Literal["target", "judge"] = "target"
    max_output_tokens: int | None = None
    """None: the provider's own limit."""
    temperature: float | None = None
    """None: not sent, the model's own."""


@dataclass(frozen=True)
class OutputLimit:
    """The output limit of a call, and where it is set."""

    setting: str
    tokens: int | None
    """None: the provider's own limit."""

    def __str__(self) -> str:
        now = f"{self.tokens:,}" if self.tokens else "the provider's own limit"
        return f"{self.setting} ({now} now)"


@dataclass
class RetryBudget:
    """How many retries a run may still spend, all its calls together. 0 left: the next failure is final."""

    left: int = 10

    def spend(self) -> bool:
        """True when a retry may be made; it is then spent."""
        if self.left <= 0:
            return False
        self.left -= 1
        return True


OnLeft = Callable[[asyncio.Future[None]], None]


async def _unheard(*_told: object) -> None:
    """Nobody listens."""


def _let_go(_gone: object) -> None:
    """Nobody waits."""


@dataclass(frozen=True)
class CallContext:
    """On whose behalf a call is made. Owned by the caller, one for each call."""

    session: str = ""
    """For fair turns in the throttle; never sent to a provider."""
    budget: RetryBudget = field(default_factory=RetryBudget)
    on_slot: Callable[[], Awaitable[None]] = _unheard
    """Awaited when a slot was had and before the request goes out."""
    on_retry: Callable[[ProviderError, int, float], Awaitable[None]] = _unheard
    """Awaited before each pause: the failure, the tries so far, the pause in seconds."""
    on_left: OnLeft = _let_go
    """Called when a call that ended here is still in flight at the provider; done when it is gone there too."""


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
    """The word before the first slash of a model's name."""
    account: str
    """What limits belong to: one provider with one key."""
    simulated: bool = False

    def output_limit(self, request: ChatRequest) -> OutputLimit:
        """What limits the output of such a request."""
        return OutputLimit(f"{request.purpose.upper()}_MAX_OUTPUT_TOKENS", request.max_output_tokens)

    @abstractmethod
    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        """One call: a whole, non-empty reply whose stream said that it was finished.

        Raises ProviderError with advice for everything else. Cancelling returns at once; what cannot be hung up on at
        once is told to `context.on_left`.
        """
