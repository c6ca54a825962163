"""The tree of expected failures. Any other exception is a bug.

    HunterError
    ├── BadInput              the caller can correct it         (400)
    │   ├── BadSettings       a variable of the environment
    │   ├── BadNotebook       the file is not a usable task notebook
    │   └── BadTask           the task is incomplete or invalid
    ├── NotSignedIn           the caller is not authenticated   (401)
    ├── NotAllowed            the caller lacks permission       (403)
    ├── NotFound              session, run or hunt not found    (404)
    │   └── Superseded        what a result is for was stopped or replaced
    ├── Conflict              conflict with current state       (409)
    ├── TooLarge              over a size limit                 (413)
    ├── Busy                  a bounded queue is full           (429)
    ├── BudgetSpent           a daily budget is spent           (429)
    ├── Unavailable           temporarily unavailable           (503)
    │   └── RedisAway         a Redis command failed
    └── ProviderError         a provider returned no usable reply (never a break)

`message` says what happened and to what; `hint` says what the reader can do. `code` is stable: clients compare it.
`details` holds data for programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class HunterError(Exception):
    """An expected failure. `code` is stable; `message` and `hint` are for people."""

    code = "hunter_error"

    def __init__(
        self, message: str, *, hint: str = "", code: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or type(self).code
        self.details = dict(details or {})

    @property
    def body(self) -> dict[str, Any]:
        """The error as JSON: `ErrorBody` in api/errors.py."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "details": self.details}


class BadInput(HunterError):
    code = "bad_input"


class BadSettings(BadInput):
    code = "bad_settings"


class BadNotebook(BadInput):
    code = "bad_notebook"


class BadTask(BadInput):
    code = "bad_task"


class NotSignedIn(HunterError):
    code = "not_signed_in"


class NotAllowed(HunterError):
    code = "not_allowed"


class NotFound(HunterError):
    code = "not_found"


class Superseded(NotFound):
    """What a result is for has been stopped or replaced, so that no call for it is worth its money."""

    code = "superseded"


class Conflict(HunterError):
    code = "conflict"


class TooLarge(HunterError):
    code = "too_large"


class Busy(HunterError):
    code = "busy"


class BudgetSpent(HunterError):
    """Nothing is left of a daily budget. `details`: kind, account, limit_usd, retry_after_s (to midnight UTC)."""

    code = "budget_spent"


class Unavailable(HunterError):
    code = "unavailable"


class RedisAway(Unavailable):
    """A Redis command failed, or its outcome is unknown.

    `reason` is stable: `unreachable`, `timeout`, `out_of_memory`, `read_only`, `loading`, `refused`, `emptied`,
    `late` (it received the request after we had given up), `error`.
    """

    code = "redis_away"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message, hint="Try again in a moment. Operators find the reason in /api/health.")
        self.reason = reason
        self.details = {"reason": reason}


class Advice(StrEnum):
    """Whether and when to retry a failed call."""

    NEVER = "never"
    """A retry would fail too: bad key, unknown model, refused content."""
    LATER = "later"
    """A transient failure: retry with exponential backoff."""
    SLOW_DOWN = "slow_down"
    """Rate limited: retry after `retry_after_s`, or with exponential backoff if it is missing."""


TEMPORARY_CAUSES = frozenset(
    {
        "rate_limited", "overloaded", "server_error", "timeout", "silent", "unreachable", "cut_stream", "empty_reply",
        "bad_reply", "busy",
    }
)  # fmt: skip
"""Codes of transient failures: a retry may succeed."""


class ProviderError(HunterError):
    """A call returned no usable reply.

    `code` is the cause: `unauthorized`, `forbidden`, `unknown_model`, `wrong_address` (no chat completions endpoint),
    `refused`, `bad_request`, `rate_limited`, `overloaded`, `server_error`, `timeout`, `silent` (no byte within the
    read timeout), `unreachable`, `cut_stream`, `empty_reply`, `bad_reply`, `out_of_credit`, `too_large`,
    `output_limit` (reached before the reply had any text; a reply that is cut off later is returned).
    """

    code = "provider_error"

    def __init__(
        self,
        message: str,
        *,
        code: str,
        advice: Advice,
        retry_after_s: float | None = None,
        status: int | None = None,
        provider: str = "",
        hint: str = "",
        raw: str = "",
    ) -> None:
        super().__init__(message, code=code, hint=hint, details={"provider": provider, "status": status})
        self.advice = advice
        self.retry_after_s = retry_after_s
        self.status = status
        self.provider = provider
        self.raw = raw
        """The provider's response, truncated, without credentials; for the page's "raw" view."""
