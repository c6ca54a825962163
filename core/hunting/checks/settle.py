"""How the work of a check ends: it finishes, fails or is stopped; or another process continues it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.errors import HunterError, NotFound, RedisAway
from core.hunting.dispatch.base import PartClaims

End = Callable[[str], Awaitable[None]]
"""Stores the end of a check, with the error for people; "" without one."""


async def settle(work: Awaitable[None], end: End, claims: PartClaims, stopped: str) -> bool:
    """Await the work and store its end. Nothing is stored if this process hands its jobs back, or cannot reach the
    session: another one continues them with the verdicts so far.

    Returns whether the check has ended; False if its session was deleted or has expired, or another check has replaced
    it. `stopped`: the error of a check that is stopped.
    """
    try:
        await work
        await end("")
    except NotFound:
        return False
    except RedisAway:
        raise
    except HunterError as error:
        await end(f"{error.message} {error.hint}".strip())
    except BaseException:
        if not claims.handing_back:
            await end(stopped)
        raise
    return True
