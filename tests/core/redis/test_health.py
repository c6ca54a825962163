"""The health of Redis: one failure marks it as down, and its data has a name."""

from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from core.clock import SystemClock
from core.errors import RedisAway
from core.redis.health import RedisHealth, RedisHealthState

AWAY = RedisAway("Redis does not answer.", reason="timeout")


@pytest.fixture
def health_of():
    def make(redis):
        health = RedisHealth(redis, SystemClock(), instance="i", timeout_s=5.0)
        health.changes = []
        health.on_change = lambda: health.changes.append(health.state.value)
        return health

    return make


@pytest.fixture
async def redis(redis_server):
    async with Redis.from_url(redis_server.url) as client:
        yield client


def test_it_is_down_until_it_has_answered_and_each_change_is_reported_once(health_of):
    health = health_of(None)
    assert (health.state, health.reason) == (RedisHealthState.DOWN, "Redis has not answered yet.")
    health.mark_recovering()
    health.mark_up()
    assert (health.reason, health.since) == ("", None)
    health.mark_down(AWAY)
    health.mark_down(AWAY)
    assert (health.reason, health.latency_ms) == ("Redis does not answer.", None)
    assert health.changes == ["healing", "up", "down"]


def test_an_outage_that_begins_again_while_it_heals_is_one_outage(health_of):
    health = health_of(None)
    health.mark_up()
    health.mark_down(AWAY)
    began = health.since
    health.mark_recovering()
    health.mark_down(AWAY)
    assert health.since == began is not None


async def test_a_probe_names_the_data_and_an_emptied_redis_has_another_name(redis, health_of):
    health, times = health_of(redis), []
    health.on_time = lambda server_s, round_trip_s: times.append((server_s, round_trip_s))
    first, again, other = await health.probe(), await health.probe(), await health_of(redis).probe()
    assert first == again == other
    await redis.flushall()
    assert await health.probe() != first
    assert datetime.fromtimestamp(times[0][0], UTC).year >= 2024
    assert health.latency_ms is not None


async def test_a_probe_of_a_redis_that_does_not_answer_fails(redis_server, redis, health_of):
    health = RedisHealth(redis, SystemClock(), instance="i", timeout_s=0.2)
    with redis_server.paused(), pytest.raises(RedisAway) as away:
        await health.probe()
    assert away.value.reason == "timeout"
