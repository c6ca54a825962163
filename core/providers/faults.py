"""Converts failed responses and connections into ProviderErrors with advice."""

from __future__ import annotations

from dataclasses import replace

import httpx

from core.errors import Advice, ProviderError
from core.providers.causes import BAD_REPLY, CUT_STREAM, SILENT, UNREACHABLE, Cause, certificate_cause
from core.providers.wire import replace_lone_surrogates

MAX_RAW_BYTES = 4096
MAX_WORDS_CHARS = 400


def cause_of_connection_error(error: httpx.RequestError) -> Cause:
    """The cause of a failed connection."""
    if isinstance(error, httpx.ConnectError):
        return certificate_cause(str(error)) if "certificate" in str(error).lower() else UNREACHABLE
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return UNREACHABLE
    if isinstance(error, httpx.TimeoutException):
        return SILENT
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return replace(
            UNREACHABLE, advice=Advice.NEVER, hint="The URL or the key contains characters that HTTP cannot send."
        )
    if isinstance(error, httpx.DecodingError):
        return BAD_REPLY
    return CUT_STREAM


class Faults:
    """Creates the errors of one provider. Has the key only to redact it."""

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
        """A ProviderError with message, the provider's own words and the truncated raw response."""
        says = replace_lone_surrogates(f"{self._label} {cause.says}") + (f" ({status})" if status else "")
        words = " ".join(self._clean(replace_lone_surrogates(words)).split())[:MAX_WORDS_CHARS]
        redacted = self._clean(raw.decode("utf-8", "replace")).encode()[:MAX_RAW_BYTES]
        return ProviderError(
            f"{says}: {words}" if words else f"{says}.",
            code=cause.code,
            advice=cause.advice,
            retry_after_s=retry_after_s,
            status=status,
            provider=self._provider,
            hint=cause.hint,
            raw=redacted.decode("utf-8", "ignore"),
        )

    def _clean(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text
