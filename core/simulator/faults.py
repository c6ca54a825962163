"""The faults that a script injects into calls, and what each of them is to the caller."""

from __future__ import annotations

from enum import StrEnum

from core.providers import causes


class Fault(StrEnum):
    """Named like the rates in `Behavior`."""

    NONE = "ok"
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After.
    RATE_LIMITED_BARE = "rate_limited_bare"  # 429 without Retry-After.
    SERVER_ERROR = "server_error"  # 500.
    OVERLOADED = "overloaded"  # 503.
    ERROR_IN_200 = "error_in_200"  # Status 200, and an `error` object where the reply should be.
    ERROR_MID_STREAM = "error_mid_stream"  # Half of the reply, then an `error` object.
    EMPTY_REPLY = "empty_reply"  # A finished reply without text, or without choices.
    CUT_STREAM = "cut_stream"  # The connection ends before the reply says that it is finished.
    SILENT = "silent"  # The reply begins, and then no byte comes any more.
    SLOW = "slow"  # A whole reply with a pause after each chunk: not a failure, unless the caller times out.


REFUSALS = frozenset(
    {Fault.RATE_LIMITED, Fault.RATE_LIMITED_BARE, Fault.SERVER_ERROR, Fault.OVERLOADED, Fault.ERROR_IN_200}
)
"""Sent instead of a reply."""

FAILURES: dict[Fault, tuple[causes.Cause, int, str]] = {
    Fault.RATE_LIMITED: (causes.RATE_LIMITED, 429, "Simulated: too many requests, come back later."),
    Fault.RATE_LIMITED_BARE: (causes.RATE_LIMITED, 429, "Simulated: too many requests."),
    Fault.SERVER_ERROR: (causes.SERVER_ERROR, 500, "Simulated: internal error."),
    Fault.OVERLOADED: (causes.OVERLOADED, 503, "Simulated: overloaded."),
    Fault.ERROR_IN_200: (causes.SERVER_ERROR, 502, "Simulated: the upstream failed."),
    Fault.ERROR_MID_STREAM: (causes.SERVER_ERROR, 502, "Simulated: the upstream failed in the middle of the stream."),
    Fault.EMPTY_REPLY: (causes.EMPTY_REPLY, 200, ""),
    Fault.CUT_STREAM: (causes.CUT_STREAM, 200, ""),
    Fault.SILENT: (causes.SILENT, 200, ""),
}
"""The cause as the provider reports it in the process; the status and the message of the error over HTTP."""
