"""The tree of expected failures. What is not in this tree is a bug.

    HunterError
    ├── BadInput              the caller can correct it         (400)
    │   ├── BadSettings       a variable of the environment
    │   ├── BadNotebook       the file is not a usable task notebook
    │   └── BadTask           the task cannot be hunted as it stands
    ├── NotSignedIn           nobody knows who asks             (401)
    ├── NotAllowed            not for whoever asks              (403)
    ├── NotFound              session, run or hunt is not there (404)
    ├── Conflict              somebody changed it meanwhile     (409)
    ├── TooLarge              over a size limit                 (413)
    ├── Busy                  a bounded queue is full           (429)
    ├── Unavailable           we cannot serve this now          (503)
    │   └── RedisAway         Redis did not do what it was asked
    └── ProviderError         a provider did not give a usable reply (never a break)

Every error says what happened, to which thing, and in `hint` what the reader can do.
`code` is stable and is what clients compare; `details` holds what a program needs.
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


class Conflict(HunterError):
    code = "conflict"


class TooLarge(HunterError):
    code = "too_large"


class Busy(HunterError):
    code = "busy"


class Unavailable(HunterError):
    code = "unavailable"


class RedisAway(Unavailable):
    """Redis did not do what it was asked, or nobody knows whether it did.

    `reason` is stable: `unreachable`, `timeout`, `out_of_memory`, `read_only`, `loading`, `refused`, `emptied`,
    `error`.
    """

    code = "redis_away"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message, hint="Try again in a moment; the operator sees the reason in /api/health.")
        self.reason = reason
        self.details = {"reason": reason}


class Advice(StrEnum):
    """What a provider says about trying the same call again."""

    NEVER = "never"
    """The same call fails again: bad key, unknown model, refused content."""
    LATER = "later"
    """A passing fault: try again after a growing pause."""
    SLOW_DOWN = "slow_down"
    """Rate limited: try again after `retry_after_s`, or a growing pause when none was given."""


TEMPORARY_CAUSES = frozenset(
    {
        "rate_limited", "overloaded", "server_error", "timeout", "silent", "unreachable", "cut_stream", "empty_reply",
        "bad_reply", "busy",
    }
)  # fmt: skip
"""Codes of failures that pass: the same call may succeed later."""


class ProviderError(HunterError):
    """A call gave no usable reply.

    `code` is the cause: `unauthorized`, `forbidden`, `unknown_model`, `wrong_address` (no chat completions there),
    `refused`, `bad_request`, `rate_limited`, `overloaded`, `server_error`, `timeout`, `silent` (no byte for too long),
    `unreachable`, `cut_stream`, `empty_reply`, `bad_reply`, `out_of_credit`, `too_large`,
    `output_limit` (spent before the reply had any text).
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
        """What the provider sent, bounded, without credentials; for the page's "raw" view."""
