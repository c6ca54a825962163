"""Before anything is paid for, a process makes sure that the part is still its own."""

import asyncio

import pytest

from core.errors import RedisAway
from core.hunting.dispatch.local import LocalClaims


class TakenClaims(LocalClaims):
    """Another process has part 1."""

    async def holds(self, part):
        return part != 1

    def lose(self, part):
        self.on_lost(part)


async def test_work_on_a_part_of_another_process_goes_no_further():
    claims, lost = TakenClaims(), []
    claims.on_lost = lost.append
    await claims.ensure(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await claims.ensure(1)
    assert lost == [1]
    assert claims.elsewhere == frozenset()


async def test_a_job_whose_session_is_unavailable_is_handed_back_and_not_finished():
    claims = LocalClaims()

    async def unavailable(_part):
        raise RedisAway("Redis does not answer.", reason="timeout")

    with pytest.raises(RedisAway):
        await claims.work_alone(unavailable)
    assert (claims.handing_back, claims.held) == (True, frozenset())
    assert await claims.next(0) == 0
