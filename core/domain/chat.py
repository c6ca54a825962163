"""Messages and replies of models, independent of the provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from core.domain.finish_reason import FinishKind, finish_kind
from core.domain.value import Value, is_empty, is_none

Role = Literal["system", "user", "assistant"]
STOPPED = "cancelled_by_user"
"""Finish reason of the received part of a reply that a person stopped. No provider sends it."""


class Message(Value):
    role: Role
    content: str


@dataclass(frozen=True)
class TokenLogprobs:
    """The tokens of a reply and the natural logarithm of each one's probability."""

    tokens: tuple[str, ...]
    logprobs: tuple[float, ...]


class Usage(Value):
    """Token counts as reported by the provider; null if not reported. Never guessed."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


class Reply(Value):
    """A reply of a model: it has text, and the provider reported its end. Only a `stopped` one is incomplete."""

    text: str
    reasoning: str = ""
    """The reasoning trace. Never judged, never shown as the reply."""
    finish_reason: str = "stop"
    """The provider's own value, or STOPPED; `core.domain.finish_reason` classifies it."""
    usage: Usage = Usage()
    cost_usd: float | None = None
    """US dollars: billed by the provider, else from price data, else None (unknown, not 0)."""
    cost_source: Literal["provider", "prices", "unknown"] = "unknown"
    cache_saved_usd: float | None = Field(default=None, exclude_if=is_none)
    """What the cached input tokens would have cost more without the provider's cache; None if unknown."""
    logprobs: TokenLogprobs | None = Field(default=None, exclude=True)
    """Only of a request that asks for them; never stored."""
    model: str = ""
    """The model ID that the provider reports; may be more specific than the requested one."""
    request_id: str = ""
    upstream: str = Field(default="", exclude_if=is_empty)
    """The upstream that answered, where the provider is a gateway that names it (OpenRouter); else ""."""
    system_fingerprint: str = Field(default="", exclude_if=is_empty)
    """The provider's mark of the configuration that answered; "" if it gives none."""
    latency_ms: float = 0.0
    first_token_ms: float | None = None
    calls: int = 1
    """HTTP calls for this reply, including retries."""
    raw_request: str = ""
    """JSON of the request body without `messages` (stored with the task) and without credentials."""
    raw_reply: str = ""
    """JSON of the response with chunks merged, without the text and reasoning stored above."""

    @property
    def cut_off(self) -> bool:
        """Whether the reply was cut off at an output or context limit."""
        return finish_kind(self.finish_reason) is FinishKind.OUTPUT_LIMIT

    @property
    def stopped(self) -> bool:
        """Whether a person stopped it while it was written. Its text may be empty, and it is never judged."""
        return self.finish_reason == STOPPED
