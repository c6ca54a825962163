"""Failures as errors for people: an answer or a broken connection in, a ProviderError with advice out."""

from __future__ import annotations

from dataclasses import replace

import httpx

from core.errors import Advice, ProviderError
from core.providers.causes import BAD_REPLY, CUT_STREAM, SILENT, UNREACHABLE, Cause, certificate_cause
from core.providers.wire import mended

MAX_RAW_BYTES = 4096
WORDS_MOST_CHARS = 400


def cause_of_break(error: httpx.RequestError) -> Cause:
    """The cause of a connection that failed."""
    if isinstance(error, httpx.ConnectError):
        return certificate_cause(str(error)) if "certificate" in str(error).lower() else UNREACHABLE
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return UNREACHABLE
    if isinstance(error, httpx.TimeoutException):
        return SILENT
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return replace(UNREACHABLE, advice=Advice.NEVER, hint="The address or the key holds what HTTP cannot send.")
    if isinstance(error, httpx.DecodingError):
        return BAD_REPLY
    return CUT_STREAM


class Faults:
    """Makes the errors of one provider. Knows the key only to take it out of everything that is told."""

    def __init__(self, provider: str, label: str, key: str) -> None:
        self._provider = provider
        self._label = label
        self._key = key

    def __repr__(self) -> str:
        return f"Faults({self._provider!r})"

    def error(
        self,
        cause: Cause,
        words: str = "",
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        raw: bytes = b"",
    ) -> ProviderError:
        """A ProviderError in sentences: what happened, the provider's own words, its bounded raw answer."""
        says = mended(f"{self._label} {cause.says}") + (f" ({status})" if status else "")
        words = " ".join(self._clean(mended(words)).split())[:WORDS_MOST_CHARS]
        told = self._clean(raw.decode("utf-8", "replace")).encode()[:MAX_RAW_BYTES]
        return ProviderError(
            f"{says}: {words}" if words else f"{says}.",
            code=cause.code,
            advice=cause.advice,
            retry_after_s=retry_after_s,
            status=status,
            provider=self._provider,
            hint=cause.hint,
            raw=told.decode("utf-8", "ignore"),
        )

    def _clean(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text
