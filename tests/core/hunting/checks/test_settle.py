"""How the work of a check ends: what is stored, and what another process continues."""

import asyncio

import pytest

from core.errors import BadInput, NotFound, RedisAway, Superseded
from core.hunting.checks.settle import settle
from core.hunting.dispatch.local import LocalClaims


async def ends(raises=None, *, handing_back=False):
    """(what settle returned or raised, the stored ends)."""
    stored, claims = [], LocalClaims()
    claims.handing_back = handing_back

    async def work():
        if raises is not None:
            raise raises

    async def end(error):
        stored.append(error)

    try:
        return await settle(work(), end, claims, "It was stopped."), stored
    except (RedisAway, RuntimeError, asyncio.CancelledError) as error:
        return type(error), stored


@pytest.mark.parametrize(
    ("raises", "expected"),
    [
        (None, (True, [""])),
        (NotFound("gone", hint=""), (False, [])),
        (Superseded("started again"), (False, [])),
        (RedisAway("away", reason="session_out_of_reach"), (RedisAway, [])),
        (BadInput("No.", hint="Do it again."), (True, ["No. Do it again."])),
        (BadInput("No.", hint=""), (True, ["No."])),
        (RuntimeError("bug"), (RuntimeError, ["It was stopped."])),
        (asyncio.CancelledError(), (asyncio.CancelledError, ["It was stopped."])),
    ],
)
async def test_every_end_is_stored_once(raises, expected):
    assert await ends(raises) == expected


async def test_nothing_is_stored_of_work_that_another_process_continues():
    assert await ends(asyncio.CancelledError(), handing_back=True) == (asyncio.CancelledError, [])
