"""Functions run in a child process: what they return, and what becomes of the process."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from core.child import RETIRE_BYTES
from core.child_calls import BATCH_ITEMS, Batched
from core.child_process import CallLimits, ChildProcess

LIMITS = CallLimits(cpu_s=5, wall_s=20)
KEPT = []


@pytest.fixture
async def child():
    child = ChildProcess()
    yield child
    await child.close()


def doubled(items: tuple[int, ...]) -> Batched:
    return Batched("head", [2 * item for item in items])


def grow() -> None:
    KEPT.append(b"x" * RETIRE_BYTES)


async def test_many_items_go_there_and_back_in_order(child):
    for many in (0, 1, BATCH_ITEMS, 3 * BATCH_ITEMS + 1):
        result = await child.call(LIMITS, doubled, items=list(range(many)))
        assert result == Batched("head", tuple(range(0, 2 * many, 2)))


async def test_a_text_of_the_greatest_size_is_as_it_was(child):
    text = "\U0001f600a" * 2_000_000
    assert await child.call(LIMITS, str.upper, text) == text.upper()


async def test_who_goes_away_takes_nobody_s_answer_along(child):
    await child.call(LIMITS, len, "")
    left = asyncio.create_task(child.call(LIMITS, time.sleep, 10))
    await asyncio.sleep(0)
    later = asyncio.create_task(child.call(LIMITS, len, "abc"))
    await asyncio.sleep(0)
    left.cancel()
    assert await later == 3


async def test_a_call_that_would_wait_too_long_fails(child):
    first = asyncio.create_task(child.call(LIMITS, time.sleep, 0.2))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await child.call(LIMITS, len, "abc", wait_s=0)
    await first


async def test_a_process_that_has_grown_is_replaced(child):
    before = await child.call(LIMITS, os.getpid)
    assert await child.call(LIMITS, os.getpid) == before
    await child.call(LIMITS, grow)
    assert await child.call(LIMITS, os.getpid) != before


async def test_a_process_without_work_ends_and_the_next_call_starts_another():
    child = ChildProcess(idle_s=0)
    first = await child.call(LIMITS, os.getpid)
    async with asyncio.timeout(10):
        while Path(f"/proc/{first}").exists():
            await asyncio.sleep(0.01)
    assert await child.call(LIMITS, os.getpid) != first
    await child.close()
