"""The throttle of several processes on one Redis: each has clients and tasks of its own, here in one event loop."""

import asyncio
import random
import time
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from core.throttle.adaptive import Adaptive
from core.throttle.redis import RedisThrottle
from tests.core.throttle.opening import BRISK, a_process


class Provider:
    """Counts the calls that are in flight, over all processes."""

    def __init__(self) -> None:
        self.in_flight = self.most = self.calls = 0
        self.by_session: dict[str, int] = {}

    async def call(self, throttle: RedisThrottle, session: str, takes_s: float) -> None:
        async with throttle.slot("lab", session):
            self.in_flight += 1
            self.calls += 1
            self.most = max(self.most, self.in_flight)
            try:
                await asyncio.sleep(takes_s)
                self.by_session[session] = self.by_session.get(session, 0) + 1
            finally:
                self.in_flight -= 1


async def until(holds, within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.002)


async def processes(stack: AsyncExitStack, url: str, n: int, limit: int, **more) -> list[RedisThrottle]:
    """`n` throttles, past the time in which a new Redis lets nobody grow."""
    opened = [await stack.enter_async_context(a_process(url, limits=[("lab", limit)], **more)) for _ in range(n)]
    await until(lambda: all(t.processes == n for t in opened))
    return opened


async def test_a_process_that_has_every_permit_reports_no_more_than_its_renewals_however_many_calls_wait(redis_server):
    brisk = replace(BRISK, lease_s=10.0, renew_s=1.0, poll_s=0.01)
    async with AsyncExitStack() as stack:
        (alone,) = await processes(stack, redis_server.url, 1, 2, settings=brisk)
        provider = Provider()
        calls = [asyncio.create_task(provider.call(alone, "a", 0.02)) for _ in range(60)]
        await until(lambda: provider.in_flight == 2)
        commands = stack.enter_context(Redis.from_url(redis_server.url))
        commands.config_resetstat()
        began = time.monotonic()
        await asyncio.gather(*calls)
        reports = commands.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]
        assert reports <= 2 + (time.monotonic() - began) / brisk.renew_s


async def test_an_emptied_redis_counts_no_fewer_processes_until_all_had_time_to_report(redis_server):
    async with AsyncExitStack() as stack:
        one, other = await processes(stack, redis_server.url, 2, 2, settings=replace(BRISK, lease_s=0.6))
        stack.enter_context(Redis.from_url(redis_server.url)).flushall()
        counted = one._number
        one._renew_at = other._renew_at = 0.0
        await one._sync()  # the only one in the emptied Redis so far
        assert one._number > counted
        assert one.processes == 2


async def test_a_process_that_has_ended_is_not_counted_after_a_lease(redis_server):
    async with AsyncExitStack() as stack:
        brief = replace(BRISK, lease_s=0.6)
        (one,) = await processes(stack, redis_server.url, 1, 2, settings=brief)
        async with a_process(redis_server.url, limits=[("lab", 2)], settings=brief):
            await until(lambda: one.processes == 2)
        await until(lambda: one.processes == 1)


@given(st.integers(0, 2**32), st.integers(1, 6))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_four_processes_together_never_exceed_the_limit_under_cancellation(redis_server, seed, limit):
    asyncio.run(storm(redis_server.url, random.Random(seed), limit))


async def storm(url: str, chance: random.Random, limit: int) -> None:
    provider = Provider()
    async with AsyncExitStack() as stack:
        throttles = await processes(stack, url, 4, limit)
        tasks = [
            asyncio.create_task(provider.call(chance.choice(throttles), chance.choice("abc"), chance.random() * 0.004))
            for _ in range(200)
        ]
        for _ in range(60):
            chance.choice(tasks).cancel()
            await asyncio.sleep(0.0005)
        async with asyncio.timeout(20):
            await asyncio.wait(tasks)
        assert provider.most <= limit
        assert sum(not t.cancelled() for t in tasks) == sum(provider.by_session.values())
        assert [load.in_flight + load.queued for t in throttles for load in t.load()] == [0] * 4


async def test_a_big_run_delays_a_later_small_one_by_no_more_than_its_fair_share(redis_server):
    """600 calls in one process, then 8 in another: half the slots are the small run's, so it takes twice its time."""
    provider, takes_s, limit = Provider(), 0.05, 4
    async with AsyncExitStack() as stack:
        big, small = await processes(stack, redis_server.url, 2, limit)
        many = [asyncio.create_task(provider.call(big, "big", takes_s)) for _ in range(600)]
        await until(lambda: provider.in_flight == limit)
        began = time.monotonic()
        await asyncio.gather(*(provider.call(small, "small", takes_s) for _ in range(8)))
        took_s = time.monotonic() - began
        for task in many:
            task.cancel()
        await asyncio.wait(many)
    ideal_s = 8 * takes_s / (limit / 2) + takes_s  # its share, after the first of the big run's calls has ended
    assert took_s < 2 * ideal_s, f"{took_s:.3f} s, ideal {ideal_s:.3f} s"
    assert provider.most <= limit


async def test_more_sessions_than_slots_are_all_served(redis_server):
    provider = Provider()
    async with AsyncExitStack() as stack:
        throttles = await processes(stack, redis_server.url, 2, 1)
        calls = [provider.call(throttles[n % 2], f"s{n}", 0.001) for n in range(20)]
        async with asyncio.timeout(30):
            await asyncio.gather(*calls)
    assert (provider.most, provider.calls) == (1, 20)


async def test_all_slots_are_used_by_several_processes(redis_server):
    provider, limit, takes_s = Provider(), 8, 0.05
    async with AsyncExitStack() as stack:
        throttles = await processes(stack, redis_server.url, 4, limit)
        await asyncio.gather(*(provider.call(t, "warm", 0.001) for t in throttles))
        ideal_s, took_s = 320 * takes_s / limit, []
        while len(took_s) < 3 and not (took_s and took_s[-1] < ideal_s * 1.25):  # other tests share the machine
            began = time.monotonic()
            await asyncio.gather(*(provider.call(throttles[n % 4], f"s{n % 4}", takes_s) for n in range(320)))
            took_s.append(time.monotonic() - began)
    assert provider.most == limit
    assert min(took_s) < ideal_s * 1.25, f"{took_s} s, ideal {ideal_s:.2f} s"


@pytest.mark.parametrize("limits", [(2, 6), (6, 2), (1, 5, 3)])
async def test_the_smallest_of_different_limits_applies_while_its_process_makes_calls(redis_server, limits):
    provider, smallest = Provider(), min(limits)
    async with AsyncExitStack() as stack:
        throttles = [
            await stack.enter_async_context(a_process(redis_server.url, limits=[("lab", limit)])) for limit in limits
        ]
        await until(lambda: all(t.processes == len(limits) for t in throttles))
        small = throttles[limits.index(smallest)]
        tasks = [asyncio.create_task(provider.call(small, "first", 0.1)) for _ in range(smallest * 4)]
        await until(lambda: provider.in_flight == smallest)
        tasks += [asyncio.create_task(provider.call(t, "b", 0.02)) for t in throttles for _ in range(5)]
        await asyncio.gather(*tasks[: smallest * 4])
        assert provider.most == smallest
        await asyncio.gather(*tasks)


async def test_slots_of_a_dead_process_are_freed_when_its_lease_expires(redis_server):
    provider = Provider()
    async with AsyncExitStack() as stack:
        dead, alive = await processes(stack, redis_server.url, 2, 2)
        held = [asyncio.create_task(provider.call(dead, "d", 60)) for _ in range(2)]
        await until(lambda: provider.in_flight == 2)
        kill(dead)
        began = time.monotonic()
        await provider.call(alive, "a", 0)
        took_s = time.monotonic() - began
        assert BRISK.lease_s * 0.7 < took_s < BRISK.lease_s + 1.0
        for task in held:
            task.cancel()
        await asyncio.wait(held)


async def test_slots_of_calls_in_flight_at_shutdown_are_freed_when_their_lease_expires(redis_server):
    provider = Provider()
    async with AsyncExitStack() as stack, AsyncExitStack() as leaving:
        (alive,) = await processes(stack, redis_server.url, 1, 3)
        leaver = await leaving.enter_async_context(a_process(redis_server.url, limits=[("lab", 3)]))
        open_calls = [asyncio.create_task(provider.call(leaver, "d", 60)) for _ in range(2)]
        await until(lambda: provider.in_flight == 2)
        await leaving.aclose()
        left_at = time.monotonic()
        others = [asyncio.create_task(provider.call(alive, "a", 60)) for _ in range(2)]
        await until(lambda: provider.in_flight == 3)
        assert time.monotonic() - left_at < BRISK.leave_s * 0.8
        await until(lambda: provider.in_flight == 4)
        assert BRISK.leave_s * 0.7 < time.monotonic() - left_at < BRISK.lease_s * 0.8
        for task in (*open_calls, *others):
            task.cancel()
        await asyncio.wait([*open_calls, *others])


def kill(throttle: RedisThrottle) -> None:
    """As kill -9 does: it says nothing to Redis any more."""
    for task in asyncio.all_tasks():
        kept = task.get_coro().cr_frame and task.get_coro().cr_frame.f_locals.get("task")
        if getattr(kept, "__self__", None) is throttle:
            task.cancel()


async def test_the_limit_holds_after_redis_is_emptied(redis_server):
    provider, limit = Provider(), 4
    async with AsyncExitStack() as stack:
        throttles = await processes(stack, redis_server.url, 2, limit)
        calls = [asyncio.create_task(provider.call(t, "a", 0.03)) for t in throttles for _ in range(80)]
        for _ in range(5):
            await asyncio.sleep(0.1)
            redis_server.empty()
        await asyncio.gather(*calls)
    assert provider.most <= limit


@pytest.mark.parametrize("n", [1, 3])
async def test_a_rate_limit_in_one_process_lowers_the_shared_limit_once(redis_server, n):
    async with AsyncExitStack() as stack:
        throttles = await processes(stack, redis_server.url, n, 10, adaptive=Adaptive(cooldown_s=60))
        gate = asyncio.Event()

        async def call(throttle: RedisThrottle) -> None:
            async with throttle.slot("lab", "s"):
                await gate.wait()

        calls = [asyncio.create_task(call(t)) for t in throttles for _ in range(3)]
        await until(lambda: all(t.load()[0].in_flight for t in throttles))
        for throttle in throttles:
            for _ in range(10):
                throttle.record_response("lab", slow_down=True)
        await until(lambda: all(t.load()[0].limit == 8 for t in throttles))
        assert {t.load()[0].ceiling for t in throttles} == {10}
        gate.set()
        await asyncio.gather(*calls)


async def test_the_background_of_one_process_waits_for_the_first_calls_of_another(redis_server):
    async with AsyncExitStack() as stack:
        one, two = await processes(stack, redis_server.url, 2, 4)
        done: list[str] = []

        async def call(throttle: RedisThrottle, name: str, *, background: bool) -> None:
            async with throttle.slot("lab", "s", background=background):
                await asyncio.sleep(0.02)
            done.append(name)

        behind = [asyncio.create_task(call(one, "behind", background=True)) for _ in range(40)]
        await until(lambda: one.load()[0].in_flight == 4)
        first = [asyncio.create_task(call(two, "first", background=False)) for _ in range(80)]
        await asyncio.gather(*first, *behind)
        # until the other process knows of the first calls, a few more start in the background
        late = done.index("first") + 8
        while_first = done[late : len(done) - done[::-1].index("first")]
        assert while_first.count("behind") <= 4
        assert done.count("behind") == 40
