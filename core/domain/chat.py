"""Messages and replies of models, independent of the provider."""

from __future__ import annotations

from typing import Literal

from core.domain.finish import FinishKind, finish_kind
from core.domain.value import Value

Role = Literal["system", "user", "assistant"]


class Message(Value):
    role: Role
    content: str


class Usage(Value):
    """Token counts as reported by the provider; null if not reported. Never guessed."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


class Reply(Value):
    """A complete reply of a model: it has text, and the provider reported its end."""

    text: str
    reasoning: str = ""
    """The reasoning trace. Never judged, never shown as the reply."""
    finish_reason: str = "stop"
    """The provider's own value; `core.domain.finish` classifies it."""
    usage: Usage = Usage()
    cost_usd: float | None = None
    """US dollars: billed by the provider, else from price data, else None (unknown, not 0)."""
    cost_source: Literal["provider", "prices", "unknown"] = "unknown"
    model: str = ""
    """The model ID that the provider reports; may be more specific than the requested one."""
    request_id: str = ""
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
