"""The levers of the test Redis do what they promise."""

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tests.house.real_redis import RedisServer, open_redis


async def test_each_test_finds_it_running_and_empty(redis_server: RedisServer) -> None:
    async with Redis.from_url(redis_server.url) as client:
        assert await client.dbsize() == 0
        await client.set("left", "behind")
    redis_server.pause()  # the next test gets it back all the same


async def test_what_a_test_left_is_gone_in_the_next(redis_server: RedisServer) -> None:
    async with Redis.from_url(redis_server.url) as client:
        assert await client.get("left") is None


async def test_a_paused_redis_hangs_and_comes_back(redis_server: RedisServer) -> None:
    async with Redis.from_url(redis_server.url, socket_timeout=0.2, retry=None) as client:
        with redis_server.paused(), pytest.raises(RedisTimeoutError):
            await client.ping()
        assert await client.ping()


async def test_a_restart_keeps_its_data_only_when_asked_to() -> None:
    with open_redis() as server:
        async with Redis.from_url(server.url) as client:
            await client.set("kept", "yes")
        server.restart(save=True)
        async with Redis.from_url(server.url, decode_responses=True) as client:
            assert await client.get("kept") == "yes"
            await client.set("later", "no")
        server.kill()
        async with Redis.from_url(server.url, retry=None) as client:
            with pytest.raises(RedisConnectionError):
                await client.ping()
        server.start()
        async with Redis.from_url(server.url, decode_responses=True) as client:
            assert await client.mget("kept", "later") == ["yes", None]
