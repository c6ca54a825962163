"""The parts of a job, shared by processes: given out once, again when their process is gone, and an end for one."""

import asyncio
import secrets

import pytest

from core.hunt.dispatch.local import LocalShards
from core.hunt.dispatch.shards import RedisShards, Terms
from core.redis_client import open_redis as open_clients
from core.settings import Settings
from tests.house.real_redis import open_redis

TERMS = Terms(lease_s=0.4, answer_s=0.5, kept_s=60)


@pytest.fixture
async def clients(redis_server):
    async with open_clients(Settings(redis_url=redis_server.url, redis_timeout_s=0.5), "test") as opened:
        yield opened


def a_process(clients, lost: list[str] | None = None) -> RedisShards:
    name = f"p-{secrets.token_hex(4)}"
    return RedisShards(clients, name, "r_one", TERMS, lambda: lost.append(name) if lost is not None else None)


@pytest.fixture(params=["local", "redis"])
def shards(request):
    return LocalShards() if request.param == "local" else a_process(request.getfixturevalue("clients"))


async def test_parts_come_once_and_then_the_end_and_then_nothing(shards):
    assert [await shards.next(2), await shards.next(2)] == [0, 1]
    assert shards.held == {0, 1}
    waiting = asyncio.create_task(shards.next(2))
    await shards.done(0)
    await asyncio.sleep(0.02)
    assert not waiting.done()
    await shards.done(1)
    assert await waiting == 2
    await shards.done(2)
    assert await shards.next(2) is None


async def test_a_job_without_parts_is_only_its_end(shards):
    assert await shards.next(0) == 0
    await shards.done(0)
    assert await shards.next(0) is None


async def test_two_processes_never_have_the_same_part_and_one_has_the_end(clients):
    one, two = a_process(clients), a_process(clients)
    assert [await one.next(3), await two.next(3), await one.next(3)] == [0, 1, 2]
    for part in (0, 2):
        await one.done(part)
    await two.done(1)
    assert sorted([await one.next(3), await asyncio.wait_for(_after(one, two), 2)], key=str) == [3, None]


async def _after(first: RedisShards, second: RedisShards) -> int | None:
    await first.done(3)
    return await second.next(3)


async def test_parts_of_a_process_that_is_gone_are_given_out_again_and_renewed_ones_are_not(clients):
    gone, alive, third = a_process(clients), a_process(clients), a_process(clients)
    assert [await gone.next(2), await alive.next(2)] == [0, 1]
    given = asyncio.create_task(third.next(2))
    while not given.done():
        await alive.renew()
        await asyncio.sleep(0.05)
    assert given.result() == 0


async def test_released_parts_are_free_at_once(clients):
    one, two = a_process(clients), a_process(clients)
    await one.next(1)
    await one.release()
    assert await two.next(1) == 0


async def test_who_was_away_too_long_learns_that_others_have_its_parts_and_leaves_them_alone(clients):
    lost: list[str] = []
    slow, quick = a_process(clients, lost), a_process(clients)
    await slow.next(1)
    assert await quick.next(1) == 0  # waits for the lease to end
    await slow.renew()
    assert (len(lost), slow.handing_back, slow.held) == (1, True, frozenset())


async def test_stopping_reaches_the_others_with_their_next_renewal(clients):
    lost: list[str] = []
    one, two = a_process(clients), a_process(clients, lost)
    await two.next(2)
    await one.stop()
    await two.renew()
    assert (len(lost), two.handing_back) == (1, False)


async def test_without_redis_the_lead_goes_on_and_says_later_what_it_did():
    with open_redis() as redis:
        async with open_clients(Settings(redis_url=redis.url, redis_timeout_s=0.5), "test") as clients:
            lead, other = a_process(clients), a_process(clients)
            assert [await lead.next(4), await other.next(4)] == [0, 1]
            await lead.renew()
            redis.stop(save=True)
            assert await lead.next(4) == 2
            await lead.done(0)
            await lead.done(2)
            waiting = asyncio.create_task(other.next(4))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            waiting.cancel()  # it asks again only when the lead has said what it did: else the two race
            await asyncio.wait([waiting])
            redis.start()
            await lead.renew()
            await other.done(1)
            assert await asyncio.wait_for(other.next(4), 5) == 3
