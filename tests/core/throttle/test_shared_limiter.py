"""A process's part of a shared limit while Redis is away."""

import asyncio
from contextlib import AsyncExitStack

from tests.core.throttle.opening import BRISK
from tests.core.throttle.test_redis import Provider, processes, until
from tests.house.real_redis import open_redis


async def test_without_redis_each_process_uses_its_part_until_recovery():
    provider, limit = Provider(), 4
    with open_redis() as redis:
        async with AsyncExitStack() as stack:
            throttles = await processes(stack, redis.url, 2, limit)
            first = [asyncio.create_task(provider.call(throttles[0], "a", 0.02)) for _ in range(20)]
            await until(lambda: provider.in_flight == limit)
            redis.kill()
            await asyncio.gather(*first)
            await until(lambda: all(t.away for t in throttles))
            provider.most = 0
            async with asyncio.timeout(10):  # the second process had nothing; it may begin when all leases are over
                await asyncio.gather(*(provider.call(t, "a", 0.02) for t in throttles for _ in range(10)))
            assert 1 <= provider.most <= limit
            redis.start()
            await until(lambda: not any(t.away for t in throttles))
            provider.most = 0
            await asyncio.gather(*(provider.call(throttles[1], "b", 0.05) for _ in range(40)))
            assert provider.most == limit


async def test_the_limit_holds_while_redis_hangs(redis_server):
    provider, limit = Provider(), 4
    async with AsyncExitStack() as stack:
        throttles = await processes(stack, redis_server.url, 2, limit)
        calls = [asyncio.create_task(provider.call(t, "a", 0.03)) for t in throttles for _ in range(120)]
        await until(lambda: provider.in_flight == limit)
        with redis_server.paused():
            await until(lambda: all(t.away for t in throttles))
            await asyncio.sleep(BRISK.lease_s * 1.5)
        await asyncio.gather(*calls)
        await until(lambda: not any(t.away for t in throttles))
    assert provider.most <= limit
