"""What can go wrong with one call, and which of it happens on this one."""

from __future__ import annotations

from enum import StrEnum

from core.simulator.chance import Chance
from core.simulator.role import Role


class Mishap(StrEnum):
    """Named like the rates in the role."""

    RATE_LIMITED = "rate_limited"
    """429 with Retry-After."""
    RATE_LIMITED_BARE = "rate_limited_bare"
    """429 without a word on when to come back."""
    SERVER_ERROR = "server_error"
    """500."""
    OVERLOADED = "overloaded"
    """503."""
    ERROR_IN_200 = "error_in_200"
    """Status 200 and an `error` object where the reply should be."""
    ERROR_MID_STREAM = "error_mid_stream"
    """Half of the reply, then an `error` object."""
    EMPTY_REPLY = "empty_reply"
    """A finished reply without text, or without choices."""
    CUT_STREAM = "cut_stream"
    """The connection ends before the reply says that it is finished."""
    SILENT = "silent"
    """The reply begins and then no byte comes any more."""
    SLOW = "slow"
    """A whole reply in drops: not a failure, unless somebody loses patience."""


ANSWERS_AT_ONCE = frozenset(
    {
        Mishap.RATE_LIMITED,
        Mishap.RATE_LIMITED_BARE,
        Mishap.SERVER_ERROR,
        Mishap.OVERLOADED,
        Mishap.ERROR_IN_200,
    }
)
"""A refusal needs no thinking: it comes after a tenth of the latency."""


def draw_mishap(role: Role, chance: Chance, nth: int) -> Mishap | None:
    """What happens to the `nth` call (from 0) of a conversation; None: it goes well.

    `first_calls` of the role says it outright for the first calls; after them the rates decide.
    """
    if nth < len(role.first_calls):
        told = role.first_calls[nth]
        return None if told == "ok" else Mishap(told)
    drawn = chance.share("mishap")
    for mishap in Mishap:
        rate: float = getattr(role, mishap.value)
        if drawn < rate:
            return mishap
        drawn -= rate
    return None
