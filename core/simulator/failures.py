"""What a mishap is to the caller: the cause in the process, the status and the words over HTTP."""

from __future__ import annotations

from core.providers.causes import (
    CUT_STREAM,
    EMPTY_REPLY,
    OVERLOADED,
    RATE_LIMITED,
    SERVER_ERROR,
    SILENT,
    Cause,
)
from core.simulator.mishaps import Mishap

FAILURES: dict[Mishap, tuple[Cause, int, str]] = {
    Mishap.RATE_LIMITED: (RATE_LIMITED, 429, "Simulated: too many requests, come back later."),
    Mishap.RATE_LIMITED_BARE: (RATE_LIMITED, 429, "Simulated: too many requests."),
    Mishap.SERVER_ERROR: (SERVER_ERROR, 500, "Simulated: something broke."),
    Mishap.OVERLOADED: (OVERLOADED, 503, "Simulated: overloaded."),
    Mishap.ERROR_IN_200: (SERVER_ERROR, 502, "Simulated: the upstream failed."),
    Mishap.ERROR_MID_STREAM: (SERVER_ERROR, 502, "Simulated: the upstream failed in mid stream."),
    Mishap.EMPTY_REPLY: (EMPTY_REPLY, 200, ""),
    Mishap.CUT_STREAM: (CUT_STREAM, 200, ""),
    Mishap.SILENT: (SILENT, 200, ""),
}
"""Cause, status, words. SLOW is not here: it is no failure."""
