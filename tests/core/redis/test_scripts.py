"""Lua scripts run in batches, also after Redis has lost them."""

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from core.redis.scripts import LuaScript, run_scripts


@pytest.fixture
async def redis(redis_server):
    async with Redis.from_url(redis_server.url) as client:
        yield client


@pytest.fixture
def script(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text)
        return LuaScript.read(tmp_path / name)

    return write


async def test_results_are_in_the_order_of_the_calls_and_a_lost_script_is_loaded_again(redis, script):
    append = script("append.lua", "redis.call('RPUSH', KEYS[1], ARGV[1]) return redis.call('LLEN', KEYS[1])")
    double = script("double.lua", "return 2 * ARGV[1]")
    calls = [(append, ["list"], ["a"]), (double, [], [21]), (append, ["list"], ["b"])]
    assert await run_scripts(redis, calls) == [1, 42, 2]
    await redis.script_flush()
    assert await run_scripts(redis, calls) == [3, 42, 4]
    assert await redis.lrange("list", 0, -1) == [b"a", b"b", b"a", b"b"]


async def test_an_error_of_one_call_is_raised_and_the_others_have_run(redis, script):
    wrong = script("wrong.lua", "return redis.call('INCR', KEYS[1])")
    add = script("add.lua", "return redis.call('SADD', KEYS[1], ARGV[1])")
    await redis.set("text", "x")
    with pytest.raises(ResponseError, match="not an integer"):
        await run_scripts(redis, [(wrong, ["text"], []), (add, ["set"], ["a"])])
    assert await redis.smembers("set") == {b"a"}
