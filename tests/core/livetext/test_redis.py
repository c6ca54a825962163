"""Live text of two processes on a real Redis: the second watches what the first writes."""

import asyncio
import json
from contextlib import aclosing, asynccontextmanager

import pytest
from redis.asyncio import Redis

from core.clock import SystemClock
from core.livetext import redis as live_redis
from core.livetext.redis import open_live_text
from core.redis.client import open_redis
from core.redis.keys import WATCHED_TEXT_CHANNEL, text_channel
from tests.core.livetext.test_local import HUNT, next_text
from tests.core.livetext.test_transcript import Growing
from tests.settings import make_settings

WITHIN_S = 10
OF_CONNECTIONS = {"PING", "CLIENT", "HELLO", "SELECT", "SUBSCRIBE"}


@asynccontextmanager
async def process(server, name, bugs):
    settings = make_settings(redis__url=server.url, redis__timeout_s=5.0)
    async with (
        open_redis(settings.redis, name) as clients,
        open_live_text(clients, name, SystemClock(), bugs.append, timeout_s=5.0) as live,
    ):
        yield live


@pytest.fixture
async def redis(redis_server):
    client = Redis.from_url(redis_server.url)
    yield client
    await client.aclose()


@pytest.fixture
async def processes(redis_server, redis):
    bugs = []
    async with process(redis_server, "one", bugs) as one, process(redis_server, "two", bugs) as two:
        await both_listen(redis)
        yield one, two
    assert bugs == []


async def both_listen(redis):
    """Wait for the subscriptions, which each process makes in a task of its own."""
    async with asyncio.timeout(WITHIN_S):
        while (await redis.pubsub_numsub(WATCHED_TEXT_CHANNEL))[0][1] < 2:
            await asyncio.sleep(0.01)


async def until(holds):
    async with asyncio.timeout(WITHIN_S):
        while not holds():
            await asyncio.sleep(0.01)


async def test_text_so_far_then_deltas_then_the_next_call(processes):
    one, two = processes
    call = Growing("Blue", "Hm.")
    one.begin(*HUNT, call)
    async with aclosing(two.watch(*HUNT)) as deltas:
        first = await next_text(deltas, WITHIN_S)
        assert (first.restart, first.response, first.reasoning) == (True, "Blue", "Hm.")
        call.text = "Blue sky"
        second = await next_text(deltas, WITHIN_S)
        assert (second.restart, second.response, second.reasoning) == (False, " sky", "")
        one.begin(*HUNT, Growing("Again"))
        third = await next_text(deltas, WITHIN_S)
        assert (third.restart, third.response) == (True, "Again")


async def test_who_watches_before_the_call_begins_gets_its_text(processes):
    one, two = processes
    async with aclosing(two.watch(*HUNT)) as deltas:
        waiting = asyncio.create_task(next_text(deltas, WITHIN_S))
        await until(lambda: one.is_watched(HUNT))
        one.begin(*HUNT, Growing("Blue"))
        assert (await waiting).response == "Blue"


async def test_the_calling_process_stops_reading_soon_after_the_last_watcher_left(processes):
    one, two = processes
    call = Growing("Blue")
    one.begin(*HUNT, call)
    async with aclosing(two.watch(*HUNT)) as deltas:
        await next_text(deltas, WITHIN_S)
    await until(lambda: not one.is_watched(HUNT) and not one._readings)
    assert (one._leases, one._behind, two._transcripts, two._incomplete) == ({}, set(), {}, set())


async def test_a_process_that_dies_without_a_word_is_no_longer_written_to(processes, redis, monkeypatch):
    one, _ = processes
    monkeypatch.setattr(live_redis, "LEASE_S", 0.2)
    call = Growing("Blue")
    one.begin(*HUNT, call)
    watched = {"process": "gone", "watched": [[*HUNT, True]]}
    assert await redis.publish(WATCHED_TEXT_CHANNEL, json.dumps(watched)) == 2
    await until(lambda: call.reads)
    await until(lambda: not one.is_watched(HUNT) and not one._readings)


async def test_a_lost_step_is_made_up_for(processes, redis):
    one, two = processes
    call = Growing("Blue")
    one.begin(*HUNT, call)
    async with aclosing(two.watch(*HUNT)) as deltas:
        text = (await next_text(deltas, WITHIN_S)).response
        transcript = two._transcripts[HUNT]
        transcript._number -= 1  # as if its last step had not arrived
        call.text = "Blue sky, white clouds"
        text += (await next_text(deltas, WITHIN_S)).response
    assert text == "Blue sky, white clouds"


@pytest.mark.parametrize(
    "message",
    [
        b"no JSON", b"[]", b"{}", b'{"process": 1}', b'{"process": "x", "watched": [["s"]]}',
        b'{"process": "x", "watched": 5}', b'{"hunt": ["s_one"], "call": 1}', b'{"hunt": ["s_one", "r_one.1"], "call": 1, "new": 2}',
    ],
)  # fmt: skip
async def test_messages_of_another_release_are_ignored(processes, redis, message):
    one, two = processes
    call = Growing("Blue")
    one.begin(*HUNT, call)
    async with aclosing(two.watch(*HUNT)) as deltas:
        await next_text(deltas, WITHIN_S)
        for channel in (WATCHED_TEXT_CHANNEL, text_channel("two"), text_channel("one")):
            assert await redis.publish(channel, message)
        call.text += " sky"
        assert (await next_text(deltas, WITHIN_S)).response == " sky"


async def test_nobody_can_make_a_process_remember_hunts_without_end(processes, redis, monkeypatch):
    one, _ = processes
    monkeypatch.setattr(live_redis, "MAX_LEASES", 10)
    watched = [["s_one", f"r_one.{number}", True] for number in range(1000)]
    await redis.publish(WATCHED_TEXT_CHANNEL, json.dumps({"process": "many", "watched": watched}))
    await until(lambda: one._leases)
    assert (len(one._leases), len(one._behind)) == (10, 10)
    await redis.publish(WATCHED_TEXT_CHANNEL, json.dumps({"process": "many", "watched": []}))
    await until(lambda: not one._leases and not one._behind)


async def test_processes_that_died_make_room_for_those_that_watch(processes, redis, monkeypatch):
    one, two = processes
    monkeypatch.setattr(live_redis, "MAX_LEASES", 10)
    monkeypatch.setattr(live_redis, "LEASE_S", -1.0)
    watched = [["s_one", f"r_old.{number}", True] for number in range(10)]
    await redis.publish(WATCHED_TEXT_CHANNEL, json.dumps({"process": "gone", "watched": watched}))
    await until(lambda: len(one._leases) == 10)
    monkeypatch.undo()
    monkeypatch.setattr(live_redis, "MAX_LEASES", 10)
    one.begin(*HUNT, Growing("Blue"))
    async with aclosing(two.watch(*HUNT)) as deltas:
        assert (await next_text(deltas, WITHIN_S)).response == "Blue"
    assert len(one._leases) < 10


async def test_nothing_is_stored_and_nothing_is_sent_while_nobody_watches(processes, redis):
    one, two = processes
    async with redis.monitor() as monitor:
        one.begin(*HUNT, Growing("Blue"))
        one.end(*HUNT)
        one.begin(*HUNT, Growing("Blue"))
        async with aclosing(two.watch(*HUNT)) as deltas:
            await next_text(deltas, WITHIN_S)
        await until(lambda: not one.is_watched(HUNT))
        await redis.set("the end", 1)
        sent = []
        while not sent or "the end" not in sent[-1]:
            command = (await monitor.next_command())["command"]
            sent += [command] if command.split()[0] not in OF_CONNECTIONS else []
    assert "text:watched" in sent[0]  # the first command comes with the watcher
    assert {command.split()[0] for command in sent[:-1]} == {"PUBLISH"}
    assert await redis.keys("*") == [b"the end"]
