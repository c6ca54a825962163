"""The contract of the throttle, for every implementation: never over the limit, fair, no slot released twice."""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import SystemClock
from core.errors import Busy, NotFound
from core.throttle.base import Throttle
from core.throttle.memory import MemoryThrottle
from tests.builders import HandClock
from tests.core.throttle.opening import a_process


@pytest.fixture(params=["memory", "redis"])
def open_throttle(request):
    """Opens a throttle of one account, `lab`."""
    if request.param == "redis":
        url = request.getfixturevalue("redis_server").url
        return lambda limit=2, max_queue=1000, **more: a_process(
            url, limits=[("lab", limit)], max_queue=max_queue, **more
        )
    return InMemory


class InMemory:
    def __init__(self, limit: int = 2, max_queue: int = 1000, clock=None, adaptive=None) -> None:
        self.throttle = MemoryThrottle([("lab", limit)], max_queue, clock or SystemClock(), adaptive)

    async def __aenter__(self) -> MemoryThrottle:
        return self.throttle

    async def __aexit__(self, *_: object) -> None:
        return None


async def until(holds) -> None:
    """Wait until it holds; the test's own timeout is the end of patience."""
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.001)


def numbers(throttle: Throttle) -> tuple[int, int, int]:
    (load,) = throttle.load()
    return load.limit, load.in_flight, load.queued


async def hold(throttle: Throttle, session: str, done: list[str] | None = None) -> None:
    async with throttle.slot("lab", session):
        if done is not None:
            done.append(session)
        await asyncio.sleep(0)


async def test_an_unknown_account_is_not_found(open_throttle):
    async with open_throttle() as throttle:
        with pytest.raises(NotFound, match="nowhere"):
            throttle.slot("nowhere", "s")
        with pytest.raises(NotFound, match="nowhere"):
            throttle.record_response("nowhere", slow_down=False)


async def test_a_full_queue_raises_busy(open_throttle):
    async with open_throttle(limit=1, max_queue=1) as throttle:
        async with throttle.slot("lab", "a"):
            waiting = asyncio.create_task(hold(throttle, "a"))
            await until(lambda: numbers(throttle) == (1, 1, 1))
            with pytest.raises(Busy, match="1 calls are already waiting"):
                async with throttle.slot("lab", "b"):
                    pass
        await waiting


async def test_sessions_rotate_and_one_session_is_first_come_first_served(open_throttle):
    async with open_throttle(limit=1) as throttle:
        done: list[str] = []
        async with throttle.slot("lab", "a"):
            tasks = [asyncio.create_task(hold(throttle, s, done)) for s in ["a", "a", "a", "b", "b", "c"]]
            await until(lambda: numbers(throttle) == (1, 1, 6))
        await asyncio.gather(*tasks)
        assert done == ["a", "b", "c", "a", "b", "a"]
        assert numbers(throttle) == (1, 0, 0)


async def test_a_call_in_the_background_starts_when_no_other_waits(open_throttle):
    async with open_throttle(limit=1) as throttle:
        done: list[str] = []

        async def behind(session: str) -> None:
            async with throttle.slot("lab", session, background=True):
                done.append(f"{session} behind")
                await asyncio.sleep(0)

        async with throttle.slot("lab", "a"):
            later = [asyncio.create_task(behind(s)) for s in "aab"]
            await until(lambda: numbers(throttle) == (1, 1, 3))
            first = [asyncio.create_task(hold(throttle, s, done)) for s in "aab"]
            await until(lambda: numbers(throttle) == (1, 1, 6))
            later.pop().cancel()
        await asyncio.gather(*first, *later)
        assert done == ["a", "b", "a", "a behind", "a behind"]
        assert numbers(throttle) == (1, 0, 0)


async def test_a_full_background_leaves_room_for_first_calls(open_throttle):
    async with open_throttle(limit=1, max_queue=1) as throttle:
        async with throttle.slot("lab", "a"):
            slots = [throttle.slot("lab", "a", background=True), throttle.slot("lab", "a")]
            tasks = [asyncio.create_task(slot.__aenter__()) for slot in slots]
            await until(lambda: numbers(throttle) == (1, 1, 2))
            with pytest.raises(Busy):
                async with throttle.slot("lab", "b", background=True):
                    pass
        for slot, task in reversed(list(zip(slots, tasks, strict=True))):
            await task
            await slot.__aexit__(None, None, None)
        assert numbers(throttle) == (1, 0, 0)


async def test_a_cancelled_waiter_releases_no_slot(open_throttle):
    async with open_throttle(limit=1) as throttle:
        async with throttle.slot("lab", "a"):
            waiter = asyncio.create_task(hold(throttle, "b"))
            await until(lambda: numbers(throttle) == (1, 1, 1))
            waiter.cancel()
            await asyncio.wait([waiter])
            assert numbers(throttle) == (1, 1, 0)
        assert numbers(throttle) == (1, 0, 0)


async def test_a_waiter_cancelled_while_granted_releases_the_slot(open_throttle):
    async with open_throttle(limit=1) as throttle:
        done: list[str] = []
        holder = throttle.slot("lab", "a")
        await holder.__aenter__()
        first = asyncio.create_task(hold(throttle, "b", done))
        await until(lambda: numbers(throttle)[2] == 1)
        second = asyncio.create_task(hold(throttle, "c", done))
        await until(lambda: numbers(throttle)[2] == 2)
        await holder.__aexit__(None, None, None)  # grants to one of them …
        first.cancel()  # … and b is cancelled, whether it was granted or still waits
        await asyncio.wait([first, second])
        assert done == ["c"]
        assert numbers(throttle) == (1, 0, 0)


@given(st.integers(0, 2**32), st.integers(1, 5))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_limit_is_never_exceeded_under_cancellation(open_throttle, seed, limit):
    asyncio.run(storm(open_throttle, random.Random(seed), limit))


async def storm(open_throttle, chance: random.Random, limit: int) -> None:
    in_flight, most = 0, 0

    async def call(throttle: Throttle, session: str) -> None:
        nonlocal in_flight, most
        async with throttle.slot("lab", session):
            in_flight += 1
            most = max(most, in_flight)
            try:
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
            finally:
                in_flight -= 1

    async with open_throttle(limit=limit) as throttle:
        tasks = [asyncio.create_task(call(throttle, chance.choice("abc"))) for _ in range(60)]
        for _ in range(80):
            chance.choice(tasks).cancel() if chance.random() < 0.4 else None
            await asyncio.sleep(0)
        await asyncio.wait(tasks)
        assert 1 <= most <= limit or all(t.cancelled() for t in tasks)
        assert numbers(throttle) == (limit, 0, 0)


async def test_rate_limits_in_a_row_lower_the_limit_and_records_the_reason(open_throttle):
    clock = HandClock()
    async with open_throttle(limit=10, clock=clock) as throttle:
        for _ in range(10):
            throttle.record_response("lab", slow_down=True)
        await until(lambda: numbers(throttle)[0] == 8)
        throttle.record_response("lab", slow_down=True)  # the same episode
        await asyncio.sleep(0.01)
        (load,) = throttle.load()
        assert (load.limit, load.ceiling, load.changed_at) == (8, 10, clock.now())
        assert "slow down" in load.reason
        go = asyncio.Event()

        async def call() -> None:
            async with throttle.slot("lab", "s"):
                await go.wait()

        calls = [asyncio.create_task(call()) for _ in range(9)]
        await until(lambda: numbers(throttle) == (8, 8, 1))
        go.set()
        await asyncio.gather(*calls)


async def test_a_cut_that_does_not_make_refusals_rarer_is_taken_back(open_throttle):
    clock = HandClock()
    async with open_throttle(limit=10, clock=clock) as throttle:

        async def refuse_a_fifth() -> None:
            """Calls at the limit in effect until it changes."""
            before, n = numbers(throttle)[0], 0
            async with AsyncExitStack() as stack:
                for _ in range(before):
                    await stack.enter_async_context(throttle.slot("lab", "s"))
                while numbers(throttle)[0] == before:
                    throttle.record_response("lab", slow_down=n % 5 == 0)
                    await asyncio.sleep(0)
                    n += 1

        async with asyncio.timeout(10):
            await refuse_a_fifth()
            await until(lambda: numbers(throttle)[0] == 8)
            await refuse_a_fifth()
        await until(lambda: numbers(throttle)[0] == 10)
        (load,) = throttle.load()
        assert load.reason.endswith("whatever the load")
        for n in range(100):
            throttle.record_response("lab", slow_down=n % 5 == 0)
        await asyncio.sleep(0.01)
        assert numbers(throttle)[0] == 10
