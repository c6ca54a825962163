"""A prompt cache as OpenAI documents its own: prefixes of at least 1,024 tokens, in steps of 128, once answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

from cachetools import LRUCache

from core.domain.chat import Message

TOKEN_CHARS = 4
MIN_CHARS = 1_024 * TOKEN_CHARS
STEP_CHARS = 128 * TOKEN_CHARS
MAX_PREFIXES = 50_000


class PromptCache:
    """Remembers the beginnings of prompts. The least recently used are forgotten."""

    def __init__(self) -> None:
        self._known: LRUCache[bytes, int] = LRUCache(MAX_PREFIXES)

    def cached_tokens(self, model: str, messages: Sequence[Message]) -> int:
        """Tokens of the longest known beginning."""
        return (
            max((chars for prefix, chars in _prefixes(model, messages) if prefix in self._known), default=0)
            // TOKEN_CHARS
        )

    def store(self, model: str, messages: Sequence[Message]) -> None:
        self._known.update(_prefixes(model, messages))


def _prefixes(model: str, messages: Sequence[Message]) -> Iterator[tuple[bytes, int]]:
    """The digest and the number of characters of each beginning."""
    text = "\n".join(message.content for message in messages)
    digest, at = blake2b(model.encode(), digest_size=16), 0
    for end in range(MIN_CHARS, len(text) + 1, STEP_CHARS):
        digest.update(text[at:end].encode("utf-8", "surrogatepass"))
        yield digest.digest(), end
        at = end
