"""The Redis clients: commands finish in time or fail with RedisAway, and a cancellation is never lost."""

import asyncio
import time

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from core.errors import RedisAway
from core.redis.client import map_redis_errors, open_redis, redis_away, with_deadline
from core.settings import RedisSettings


def settings_for(url, **changes) -> RedisSettings:
    return RedisSettings(url=url, **({"timeout_s": 0.3} | changes))


async def test_an_unreachable_redis_is_reported_at_once():
    async with open_redis(settings_for("redis://127.0.0.1:1/0"), "t") as clients:
        with pytest.raises(RedisAway) as away:
            async with with_deadline(0.3):
                await clients.commands.ping()
    assert away.value.reason == "unreachable"


async def test_a_hung_redis_costs_no_more_than_the_timeout(redis_server):
    async with open_redis(settings_for(redis_server.url), "t") as clients:
        async with with_deadline(1):
            await clients.commands.ping()
        with redis_server.paused():
            began = time.monotonic()
            with pytest.raises(RedisAway) as away:
                async with with_deadline(0.3):
                    await clients.commands.ping()
            assert time.monotonic() - began < 1.0
    assert away.value.reason == "timeout"


async def test_replies_that_arrive_while_the_event_loop_is_blocked_or_late_count(redis_server):
    async with open_redis(settings_for(redis_server.url), "t") as clients:
        await clients.commands.ping()
        async with with_deadline(0.1):
            pinging = asyncio.create_task(clients.commands.ping())
            await asyncio.sleep(0)
            time.sleep(0.5)
            assert await pinging
        loop, late = asyncio.get_running_loop(), True

        def be_late() -> None:
            time.sleep(0.02)
            if late:
                loop.call_soon(be_late)

        be_late()
        async with with_deadline(0.1):
            assert [await clients.commands.ping() for _ in range(4)] == [True] * 4  # each takes two or three passes
        late = False


async def test_the_clients_have_names(redis_server):
    async with open_redis(settings_for(redis_server.url), "host 1/2") as clients:
        await clients.blocking.ping()
        await clients.commands.ping()
        names = {row["name"] for row in await clients.commands.client_list()}
    assert names == {"mh-host_1_2-commands", "mh-host_1_2-blocking"}


@pytest.mark.parametrize("steps", range(25))
async def test_a_cancellation_is_never_lost_whenever_it_arrives(redis_server, steps):
    async with open_redis(settings_for(redis_server.url, timeout_s=5.0), "t") as clients:

        async def ping_forever() -> None:
            while True:
                async with with_deadline(5.0):
                    await clients.commands.ping()
                await asyncio.sleep(0.2)

        pinging = asyncio.create_task(ping_forever())
        for _ in range(steps):
            await asyncio.sleep(0)
        pinging.cancel()
        done, _ = await asyncio.wait([pinging], timeout=2)
        assert done
        assert pinging.cancelled()
        assert await clients.commands.ping()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ResponseError("OOM command not allowed when used memory > 'maxmemory'."), "out_of_memory"),
        (ResponseError("READONLY You can't write against a read only replica."), "read_only"),
        (ResponseError("NOREPLICAS Not enough good replicas to write."), "read_only"),
        (ResponseError("MISCONF Redis is configured to save RDB snapshots"), "read_only"),
        (RedisConnectionError("Error 111 connecting to secret-host:6379"), "unreachable"),
        (TimeoutError(), "timeout"),
        (ResponseError("ERR something new"), "error"),
        (
            RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed"),
            "unreachable",
        ),
    ],
)
def test_errors_have_a_reason_and_never_contain_an_address(error, reason):
    away = redis_away(error)
    assert away.reason == reason
    assert "secret-host" not in away.message


async def test_other_runtime_errors_are_not_attributed_to_redis():
    with pytest.raises(RuntimeError, match="a bug of ours"), map_redis_errors():
        raise RuntimeError("a bug of ours")


async def test_a_connection_closed_under_uvloop_counts_as_redis_being_away():
    with pytest.raises(RedisAway) as raised, map_redis_errors():
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")
    assert raised.value.reason == "unreachable"
