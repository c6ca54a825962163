"""What a failure means: a status, a body or a broken connection in, a ProviderError with advice out.

The tables are the shared dialect's; a provider adds to them in `cause_of` of its own file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import orjson

from core.errors import Advice, ProviderError

RAW_MOST_BYTES = 4096
WORDS_MOST_CHARS = 400
_NEVER, _LATER, _SLOW_DOWN = Advice.NEVER, Advice.LATER, Advice.SLOW_DOWN


@dataclass(frozen=True)
class Cause:
    """One kind of failure: its code, what to do about trying again, and its sentences for people."""

    code: str
    advice: Advice
    says: str
    """What happened, after the provider's name: "OpenAI" + " did not accept the key"."""
    hint: str = ""


UNAUTHORIZED = Cause("unauthorized", _NEVER, "did not accept the key", "Check the key and what it may be used for.")
OUT_OF_CREDIT = Cause("out_of_credit", _NEVER, "says that the account has no credit", "Add credit to the account.")
UNKNOWN_MODEL = Cause("unknown_model", _NEVER, "does not know this model", "Check the model's name at the provider.")
REFUSED = Cause("refused", _NEVER, "refused this content", "The provider's own filter stopped it; change the prompt.")
BAD_REQUEST = Cause("bad_request", _NEVER, "rejected the request", "See its words; the same request fails again.")
TOO_LARGE = Cause("too_large", _NEVER, "says that the request is too large", "Shorten the prompt or the history.")
RATE_LIMITED = Cause("rate_limited", _SLOW_DOWN, "limits the rate of calls", "Lower its concurrency if this stays.")
OVERLOADED = Cause("overloaded", _LATER, "is overloaded", "Wait, or choose another model.")
SERVER_ERROR = Cause("server_error", _LATER, "failed on its side", "Try again later.")
TIMEOUT = Cause("timeout", _LATER, "did not finish in time", "Raise CALL_TIMEOUT if the model needs longer.")
SILENT = Cause("silent", _LATER, "sent nothing for too long", "Raise SILENCE_TIMEOUT if the model thinks longer.")
UNREACHABLE = Cause("unreachable", _LATER, "cannot be reached", "Check the address, the network and the proxy.")
UNTRUSTED = Cause(
    "unreachable", _NEVER, "shows a certificate that is not trusted", "Name the gateway's CA in TLS_CA_FILE."
)
CUT_STREAM = Cause("cut_stream", _LATER, "ended the reply before it was finished", "What came is not a reply.")
EMPTY_REPLY = Cause("empty_reply", _LATER, "sent a reply without text", "Try again.")
OUTPUT_LIMIT = Cause(
    "output_limit", _NEVER, "spent its whole output limit before the reply began", "It was spent on reasoning."
)
"""The call was paid for, and the same call would end the same way. `output_limit` names the setting."""
BAD_REPLY = Cause("bad_reply", _LATER, "sent what is no chat completion", "Check that the address ends in /v1.")
REPLY_TOO_LARGE = Cause("too_large", _NEVER, "sent more than REPLY_MAX_BYTES", "Raise REPLY_MAX_BYTES.")
MOVED = Cause("bad_request", _NEVER, "answers with another address", "Put the final address into the base URL.")

BY_STATUS: dict[int, Cause] = {
    400: BAD_REQUEST, 401: UNAUTHORIZED, 402: OUT_OF_CREDIT, 403: UNAUTHORIZED, 404: UNKNOWN_MODEL, 407: UNREACHABLE,
    408: TIMEOUT, 409: SERVER_ERROR, 413: TOO_LARGE, 425: OVERLOADED, 429: RATE_LIMITED, 503: OVERLOADED,
    504: TIMEOUT, 524: TIMEOUT, 529: OVERLOADED,
}  # fmt: skip
"""What is not here: 3xx moved, 4xx bad_request, 5xx server_error."""

BY_NAME: dict[str, Cause] = {
    "invalid_api_key": UNAUTHORIZED,
    "model_not_found": UNKNOWN_MODEL,
    "context_length_exceeded": TOO_LARGE,
    "content_filter": REFUSED,
    "content_policy_violation": REFUSED,
    "rate_limit_exceeded": RATE_LIMITED,
    "insufficient_quota": OUT_OF_CREDIT,
    "server_error": SERVER_ERROR,
    "overloaded_error": OVERLOADED,
}
"""Names of errors (`code` or `type`) that gateways of this dialect use; stronger than the status."""


def output_limit(setting: str, most: int | None) -> Cause:
    """A reply without a text that ended at its output limit; the hint names the setting to raise."""
    now = f"{most:,} now" if most else "the provider's own limit now"
    return replace(OUTPUT_LIMIT, hint=f"It was spent on reasoning. Raise {setting} ({now}).")


@dataclass(frozen=True)
class Problem:
    """An error as the provider told it."""

    words: str = ""
    names: tuple[str, ...] = ()
    """Its `code` and `type`, where they are words."""
    status: int | None = None
    """Its `code` where that is a number: an error inside an answer of status 200."""
    metadata: Mapping[str, Any] = field(default_factory=dict)


def cause_of(status: int, problem: Problem) -> Cause:
    """The cause by the error's name, else by its status."""
    named = next((BY_NAME[name] for name in problem.names if name in BY_NAME), None)
    if named:
        return named
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status < 400:
        return MOVED if status >= 300 else SERVER_ERROR
    return BAD_REQUEST if status < 500 else SERVER_ERROR


def read_problem(body: bytes) -> Problem:
    """The error of a body, whatever its shape; text that is not JSON is the provider's words."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "replace").strip()
        return Problem(words="" if text.startswith("<") else text[:WORDS_MOST_CHARS])
    told = told[0] if isinstance(told, list) and told else told
    return problem_of(told.get("error") or told) if isinstance(told, dict) else Problem(words=str(told))


def problem_of(error: Any) -> Problem:
    """An `error` value: an object, or just words."""
    if not isinstance(error, dict):
        return Problem(words=str(error))
    code, kind, metadata = error.get("code"), error.get("type"), error.get("metadata")
    words = error.get("message") or error.get("detail") or error.get("error") or ""
    return Problem(
        words=words if isinstance(words, str) else orjson.dumps(words).decode(),
        names=tuple(name for name in (code, kind) if isinstance(name, str)),
        status=_status(code),
        metadata=metadata if isinstance(metadata, dict) else {},
    )


def _status(code: Any) -> int | None:
    number = int(code) if isinstance(code, int) or (isinstance(code, str) and code.isdecimal()) else 0
    return number if 400 <= number < 600 else None


def cause_of_break(error: httpx.RequestError) -> Cause:
    """The cause of a connection that failed."""
    if isinstance(error, httpx.ConnectError):
        return UNTRUSTED if "certificate" in str(error).lower() else UNREACHABLE
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return UNREACHABLE
    if isinstance(error, httpx.TimeoutException):
        return SILENT
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return replace(UNREACHABLE, advice=_NEVER, hint="The address or the key holds what HTTP cannot send.")
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
        says = f"{self._label} {cause.says}" + (f" ({status})" if status else "")
        words = " ".join(self._clean(words).split())[:WORDS_MOST_CHARS]
        told = self._clean(raw.decode("utf-8", "replace")).encode()[:RAW_MOST_BYTES]
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
