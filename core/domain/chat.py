"""What goes to a model and what comes back, whoever the provider is."""

from __future__ import annotations

from typing import Literal

from core.domain.finish import FinishKind, finish_kind
from core.domain.value import Value

Role = Literal["system", "user", "assistant"]


class Message(Value):
    role: Role
    content: str


class Usage(Value):
    """Token counts as the provider reported them; None where it did not say. Never guessed."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


class Reply(Value):
    """One whole reply of a model: it has text, and the provider said that it was finished."""

    text: str
    reasoning: str = ""
    """The reasoning trace, kept apart: never judged, never shown as the reply."""
    finish_reason: str = "stop"
    """The provider's own word; `core.domain.finish` says what it means."""
    usage: Usage = Usage()
    cost_usd: float | None = None
    """US dollars: what the provider billed, else from price data, else None (unknown, which is not 0)."""
    cost_source: Literal["provider", "prices", "unknown"] = "unknown"
    model: str = ""
    """The model id that the provider says answered; may be more exact than what was asked for."""
    request_id: str = ""
    latency_ms: float = 0.0
    first_token_ms: float | None = None
    calls: int = 1
    """HTTP calls made for this reply, retries included."""
    raw_request: str = ""
    """JSON of the request body without `messages` (they are the task's) and without credentials."""
    raw_reply: str = ""
    """JSON of what came back, chunks merged, without the text and the reasoning that stand above."""

    @property
    def cut_off(self) -> bool:
        """Whether the reply was cut at an output or context limit, in whichever word the provider says so."""
        return finish_kind(self.finish_reason) is FinishKind.OUTPUT_LIMIT
