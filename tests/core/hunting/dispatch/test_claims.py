"""The parts of a job are shared by processes: claimed once, again when their process is gone, and one process ends the
job."""

import asyncio
import secrets

import pytest

from core.clock import RedisTime
from core.errors import RedisAway
from core.hunting.dispatch.claims import NONE_FREE, LeaseConfig, RedisClaims
from core.hunting.dispatch.local import LocalClaims
from core.redis.client import open_redis as open_clients
from core.settings import RedisSettings
from tests.house.real_redis import open_redis

TERMS = LeaseConfig(lease_s=0.4, answer_s=0.5, record_ttl_s=60)


@pytest.fixture
async def clients(redis_server):
    async with open_clients(RedisSettings(url=redis_server.url, timeout_s=0.5), "test") as opened:
        yield opened


def a_process(clients, lost: list[str] | None = None) -> RedisClaims:
    name = f"p-{secrets.token_hex(4)}"
    return RedisClaims(clients, name, "r_one", TERMS, lambda: lost.append(name) if lost is not None else None)


@pytest.fixture(params=["local", "redis"])
def claims(request):
    return LocalClaims() if request.param == "local" else a_process(request.getfixturevalue("clients"))


async def test_parts_come_once_and_then_the_end_and_then_nothing(claims):
    assert [await claims.next(2), await claims.next(2)] == [0, 1]
    assert claims.held == {0, 1}
    waiting = asyncio.create_task(claims.next(2))
    await claims.finish(0)
    await asyncio.sleep(0.02)
    assert not waiting.done()
    await claims.finish(1)
    assert await waiting == 2
    await claims.finish(2)
    assert await claims.next(2) is None


async def test_a_job_without_parts_is_only_its_end(claims):
    assert await claims.next(0) == 0
    await claims.finish(0)
    assert await claims.next(0) is None


async def test_two_processes_never_have_the_same_part_and_one_has_the_end(clients):
    one, two = a_process(clients), a_process(clients)
    assert [await one.next(3), await two.next(3), await one.next(3)] == [0, 1, 2]
    for part in (0, 2):
        await one.finish(part)
    await two.finish(1)
    assert sorted([await one.next(3), await asyncio.wait_for(_after(one, two), 2)], key=str) == [3, None]


async def _after(first: RedisClaims, second: RedisClaims) -> int | None:
    await first.finish(3)
    return await second.next(3)


async def test_parts_of_a_dead_process_can_be_claimed_again_and_renewed_ones_cannot(clients):
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


async def with_renewals(waiting, *alive: RedisClaims) -> int | None:
    """What the waiting one is given while these processes live."""
    given = asyncio.ensure_future(waiting)
    async with asyncio.timeout(5):
        while not given.done():
            for process in alive:
                await process.renew()
            await asyncio.sleep(TERMS.renew_s)
    return given.result()


class Clock:
    """Seconds that only the test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


async def test_every_claim_on_a_part_has_a_greater_number_than_the_one_before(clients):
    numbers = []
    for _ in range(3):
        one = a_process(clients)
        await one.next(1)
        numbers.append(one.fence(0))
        await one.release()
    assert numbers == sorted(set(numbers))


async def test_a_part_that_others_finished_is_not_claimed_again_by_a_process_that_was_stopped(clients):
    slow, quick = a_process(clients), a_process(clients)
    await slow.next(1)
    given_up: list[int] = []
    slow.on_lost = given_up.append
    assert await quick.next(1) == 0
    await quick.finish(0)
    await slow.renew()
    assert (given_up, slow.held, slow.handing_back) == ([0], frozenset(), False)
    assert await quick.next(1) == 1
    await quick.finish(1)
    assert await slow.next(1) is None


async def test_who_was_stopped_for_longer_than_its_lease_asks_before_it_says_that_it_holds_a_part(clients):
    clock, asked = Clock(), []
    slow = RedisClaims(clients, "slow", "r_one", TERMS, lambda: None, monotonic=clock)
    await slow.next(1)
    renew = slow.renew

    async def counted() -> None:
        asked.append(clock.seconds)
        await renew()

    slow.renew = counted
    assert await slow.holds(0)
    assert asked == []  # its own clock can tell: no round trip
    assert await a_process(clients).next(1) == 0  # when the lease is over
    clock.seconds += 20
    assert [await slow.holds(0), await slow.holds(0)] == [False, False]
    assert len(asked) == 1


async def test_a_stopped_process_whose_part_nobody_took_keeps_it(clients):
    clock = Clock()
    one = RedisClaims(clients, "one", "r_one", TERMS, lambda: None, monotonic=clock)
    await one.next(1)
    fence = one.fence(0)
    clock.seconds += 20
    await asyncio.sleep(TERMS.lease_s)
    assert (await one.holds(0), one.fence(0)) == (True, fence)


async def test_a_question_that_redis_answers_after_its_deadline_changes_nothing(clients):
    one = RedisClaims(clients, "one", "r_one", TERMS, lambda: None, fresh=True)
    two = a_process(clients)
    await two.next(2)
    clock = Clock()
    late = RedisTime(clock)
    late.record_ms(1_000_000)  # as if Redis's clock had shown that now: every deadline has passed long ago
    one._time = late
    late.record_ms = lambda _ms: None
    with pytest.raises(RedisAway):
        await one._ask("next")
    assert await one.claim(2) == NONE_FREE  # Redis is there: nothing is begun without it
    assert await two.next(2) == 1  # it was not given to the one who had given up


async def test_two_clocks_that_differ_are_no_lateness(clients):
    one = a_process(clients)
    one._time.record_ms(1_000_000)
    assert await one.next(1) == 0


async def test_lost_claims_are_reported_again_before_any_part_is_assigned(clients, redis_server):
    one, two = a_process(clients), a_process(clients)
    assert [await one.next(4), await two.next(4)] == [0, 1]
    await one.finish(0)
    fence = two.fence(1)
    redis_server.empty()
    third = a_process(clients)
    waiting = asyncio.create_task(third.next(4))
    await asyncio.sleep(0.02)
    assert await one.claim(4) == -2  # nobody gets anything yet
    given = [await with_renewals(waiting, one, two), await one.next(4)]
    assert sorted(given) == [2, 3]  # not the one that is done, and not the one that is worked on
    assert two.fence(1) == fence


async def test_claims_outlive_a_redis_that_hung_for_longer_than_they_last(clients, redis_server):
    one, two, third = (a_process(clients) for _ in range(3))
    assert [await one.next(3), await two.next(3)] == [0, 1]
    third_alive = RedisTime()
    third_alive._began_at -= 60
    third._time = third_alive
    with redis_server.paused():
        await asyncio.sleep(TERMS.lease_s * 1.5)
    assert await third.claim(3) == -2
    await one.renew()
    await two.renew()
    assert (one.held, two.held) == ({0}, {1})
    assert await with_renewals(third.next(3), one, two) == 2


async def test_without_redis_a_process_that_was_stopped_begins_nothing(redis_server):
    with open_redis() as redis:
        async with open_clients(RedisSettings(url=redis.url, timeout_s=0.5), "test") as clients:
            clock = Clock()
            lead = RedisClaims(clients, "lead", "r_one", TERMS, lambda: None, monotonic=clock)
            await lead.next(4)
            redis.stop(save=True)
            await lead.renew()
            assert await lead.claim(4) == -2  # one answer that got lost is no absence
            clock.seconds += TERMS.quiet_s * 1.1
            assert (await lead.claim(4), await lead.holds(0)) == (1, True)
            clock.seconds += 20
            assert (await lead.claim(4), await lead.holds(0)) == (-2, False)
            redis.start()
            await lead.renew()
            assert await lead.holds(0)


async def test_without_redis_the_lead_continues_and_reports_later():
    with open_redis() as redis:
        async with open_clients(RedisSettings(url=redis.url, timeout_s=0.5), "test") as clients:
            lead, other = a_process(clients), a_process(clients)
            assert [await lead.next(4), await other.next(4)] == [0, 1]
            await lead.renew()
            redis.stop(save=True)
            assert await lead.next(4) == 2
            await lead.finish(0)
            await lead.finish(2)
            waiting = asyncio.create_task(other.next(4))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            waiting.cancel()
            await asyncio.wait([waiting])
            redis.start()
            assert await other.claim(4) == -2  # part 2 looks free until the lead has said what it did
            await lead.renew()
            await other.finish(1)
            assert await asyncio.wait_for(other.next(4), 5) == 3
