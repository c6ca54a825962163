"""The throttle of one process: never over the limit, fair, and nobody gives back what they never had."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Busy, NotFound
from core.throttle.base import AccountLoad
from core.throttle.memory import MemoryThrottle


def throttle(limit: int = 2, queue_most: int = 1000) -> MemoryThrottle:
    return MemoryThrottle([("lab", limit)], queue_most)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_unknown_account_is_refused():
    with pytest.raises(NotFound, match="nowhere"):
        throttle().slot("nowhere", "s")


async def test_a_full_queue_says_so():
    lanes = throttle(limit=1, queue_most=1)
    async with lanes.slot("lab", "a"):
        waiting = asyncio.create_task(hold(lanes, "a"))
        await settle()
        with pytest.raises(Busy, match="1 calls already wait"):
            async with lanes.slot("lab", "b"):
                pass
    await waiting


async def hold(lanes: MemoryThrottle, session: str, done: list[str] | None = None) -> None:
    async with lanes.slot("lab", session):
        if done is not None:
            done.append(session)
        await asyncio.sleep(0)


async def test_sessions_take_turns_and_one_session_is_first_come_first_served():
    lanes, done = throttle(limit=1), []
    async with lanes.slot("lab", "a"):
        tasks = [asyncio.create_task(hold(lanes, s, done)) for s in ["a", "a", "a", "b", "b", "c"]]
        await settle()
        assert lanes.load() == (AccountLoad(account="lab", limit=1, in_flight=1, queued=6),)
    await asyncio.gather(*tasks)
    assert done == ["a", "b", "c", "a", "b", "a"]
    assert lanes.load() == (AccountLoad(account="lab", limit=1, in_flight=0, queued=0),)


async def test_a_cancelled_waiter_gives_nothing_back():
    lanes = throttle(limit=1)
    async with lanes.slot("lab", "a"):
        waiter = asyncio.create_task(hold(lanes, "b"))
        await settle()
        waiter.cancel()
        await asyncio.wait([waiter])
        assert lanes.load()[0].in_flight == 1
        assert lanes.load()[0].queued == 0
    assert lanes.load()[0].in_flight == 0


async def test_a_waiter_cancelled_in_the_moment_it_is_granted_passes_the_slot_on():
    lanes, done = throttle(limit=1), []
    holder = lanes.slot("lab", "a")
    await holder.__aenter__()
    first = asyncio.create_task(hold(lanes, "b", done))
    second = asyncio.create_task(hold(lanes, "c", done))
    await settle()
    await holder.__aexit__(None, None, None)  # grants to b …
    first.cancel()  # … which is cancelled before it could run
    await asyncio.wait([first, second])
    assert done == ["c"]
    assert lanes.load()[0].in_flight == 0


@given(st.integers(0, 2**32), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_the_limit_is_never_exceeded_whoever_is_cancelled_when(seed, limit):
    asyncio.run(storm(random.Random(seed), limit))


async def storm(chance: random.Random, limit: int) -> None:
    lanes, in_flight, most = throttle(limit), 0, 0

    async def call(session: str) -> None:
        nonlocal in_flight, most
        async with lanes.slot("lab", session):
            in_flight += 1
            most = max(most, in_flight)
            try:
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
            finally:
                in_flight -= 1

    tasks = [asyncio.create_task(call(chance.choice("abc"))) for _ in range(60)]
    for _ in range(80):
        chance.choice(tasks).cancel() if chance.random() < 0.4 else None
        await asyncio.sleep(0)
    await asyncio.wait(tasks)
    assert most <= limit
    assert lanes.load() == (AccountLoad(account="lab", limit=limit, in_flight=0, queued=0),)
