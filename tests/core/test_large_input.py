"""Large inputs are read in child processes, one at a time; small ones at once."""

import asyncio
import os
import time

import pytest

from core import large_input
from core.child_process import CallLimits
from core.errors import BadInput, Busy, TooLarge, Unavailable
from core.large_input import LARGE_BYTES, SMALL_BYTES, open_large_input_executor

MEDIUM = SMALL_BYTES + 1
LARGE = LARGE_BYTES + 1


def refuse(words: str) -> None:
    raise BadInput(words, hint="A hint.", code="a_code", details={"a": 1})


def spin() -> None:
    while True:
        pass


async def test_what_is_small_is_read_here_and_all_else_in_two_processes():
    async with open_large_input_executor(1) as executor:
        small = await executor.read(SMALL_BYTES, os.getpid)
        medium = await executor.read(MEDIUM, os.getpid)
        large = await executor.read(LARGE, os.getpid)
        assert small == os.getpid()
        assert len({small, medium, large}) == 3
        assert await executor.read(1, os.getpid, many_values=True) == large
        assert await executor.export(MEDIUM, max, items=[3, 5, 4]) == 5
        assert await executor.export(1, max, items=[3, 5, 4]) == 5


async def test_large_ones_are_read_one_after_the_other_and_too_many_are_refused():
    async with open_large_input_executor(2) as executor:
        asked = [asyncio.create_task(executor.read(LARGE, time.sleep, 0.1)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await executor.read(LARGE, os.getpid)
        assert await executor.read(SMALL_BYTES, os.getpid) == os.getpid()
        assert not any(one.done() for one in asked), "small ones do not wait"
        await asyncio.gather(*asked)
        assert await executor.read(LARGE, os.getpid) != os.getpid(), "there is room again"


async def test_exceptions_of_the_work_reach_the_caller():
    async with open_large_input_executor(1) as executor:
        with pytest.raises(BadInput) as raised:
            await executor.read(MEDIUM, refuse, "Words.")
        error = raised.value
        assert (error.message, error.hint, error.code, error.details) == ("Words.", "A hint.", "a_code", {"a": 1})
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            await executor.read(MEDIUM, divmod, 1, 0)


async def test_what_takes_too_much_time_or_memory_is_refused_and_the_next_one_is_read(monkeypatch):
    monkeypatch.setattr(large_input, "READING", CallLimits(cpu_s=0.2, wall_s=20, memory_bytes=400 * 1024 * 1024))
    async with open_large_input_executor(1) as executor:
        for function, argument, words in ((spin, (), "0.2 s of CPU"), (bytes, (10**9,), "419,430,400 bytes")):
            with pytest.raises(TooLarge, match=words) as raised:
                await executor.read(MEDIUM, function, *argument)
            assert raised.value.code == "too_costly"
            assert await executor.read(MEDIUM, len, "abc") == 3


async def test_a_process_that_dies_is_replaced():
    async with open_large_input_executor(1) as executor:
        with pytest.raises(Unavailable):
            await executor.read(MEDIUM, os._exit, 1)
        assert await executor.read(MEDIUM, len, "abc") == 3
