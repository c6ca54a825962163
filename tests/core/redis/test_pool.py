"""The connection pool is bounded and fair, and gets every connection back."""

import asyncio

from core.redis.client import open_redis
from core.settings import RedisSettings


def settings_for(url, **changes) -> RedisSettings:
    return RedisSettings(url=url, **({"timeout_s": 0.3} | changes))


async def test_more_commands_than_connections_wait_for_one_instead_of_failing(redis_server):
    settings = settings_for(redis_server.url, max_connections=2, timeout_s=5.0)
    async with open_redis(settings, "t") as clients:
        assert await asyncio.gather(*(clients.commands.ping() for _ in range(50))) == [True] * 50
        assert len(await clients.commands.client_list()) == 2


async def test_waiters_get_connections_first_come_first_served(redis_server):
    settings = settings_for(redis_server.url, max_connections=2, timeout_s=5.0)
    async with open_redis(settings, "t") as clients:
        served = []

        async def ping(number: int) -> None:
            for _ in range(3):
                await clients.commands.ping()
                served.append(number)

        await asyncio.gather(*(ping(n) for n in range(40)))
        # two replies arrive at once: which of them is recorded first is chance
        assert set(served[: 40 + settings.max_connections]) == set(range(40))


async def test_cancelled_and_failed_commands_return_their_connections(redis_server):
    settings = settings_for(redis_server.url, max_connections=3, timeout_s=1.0)
    async with open_redis(settings, "t") as clients:
        for steps in range(40):
            pings = [asyncio.create_task(clients.commands.ping()) for _ in range(6)]
            for _ in range(steps):
                await asyncio.sleep(0)
            for task in pings:
                task.cancel()
            await asyncio.gather(*pings, return_exceptions=True)
        redis_server.restart()
        await asyncio.gather(*(clients.commands.ping() for _ in range(6)), return_exceptions=True)
        assert await asyncio.gather(*(clients.commands.ping() for _ in range(6))) == [True] * 6
