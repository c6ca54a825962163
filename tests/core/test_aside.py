"""Large texts are read one at a time, beside the event loop."""

import asyncio
import threading

import pytest

from core.aside import LARGE_BYTES, open_aside
from core.errors import Busy

SMALL, LARGE = b"x", b"x" * (LARGE_BYTES + 1)


class Reading:
    """Work that goes on until it is let go, and remembers how much of it went on at once."""

    def __init__(self):
        self.begun, self.let_go = threading.Event(), threading.Event()
        self.now = self.most = 0

    def __call__(self):
        self.now += 1
        self.most = max(self.most, self.now)
        self.begun.set()
        self.let_go.wait(10)
        self.now -= 1
        return threading.current_thread()


async def test_what_is_small_is_read_at_once_also_while_something_large_is_read():
    with open_aside(1) as aside:
        reading = Reading()
        large = asyncio.create_task(aside.read(LARGE, reading))
        await asyncio.to_thread(reading.begun.wait, 10)
        assert await aside.read(SMALL, threading.current_thread) is threading.main_thread()
        assert not large.done(), "the event loop went on all the while"
        reading.let_go.set()
        assert await large is not threading.main_thread()


async def test_large_ones_are_read_one_after_the_other_and_too_many_are_refused():
    with open_aside(2) as aside:
        reading = Reading()
        asked = [asyncio.create_task(aside.read(SMALL, reading, large=True)) for _ in range(3)]
        await asyncio.to_thread(reading.begun.wait, 10)
        with pytest.raises(Busy):
            await aside.read(LARGE, reading)
        reading.let_go.set()
        await asyncio.gather(*asked)
        assert reading.most == 1
        assert await aside.read(LARGE, lambda: "there is room again") == "there is room again"


async def test_what_the_work_raises_comes_to_whoever_asked():
    with open_aside(1) as aside:
        with pytest.raises(ZeroDivisionError):
            await aside.read(LARGE, lambda: 1 // 0)
        assert await aside.read(LARGE, lambda: 1) == 1


async def test_one_who_left_does_not_let_two_be_read_at_once():
    with open_aside(2) as aside:
        reading = Reading()
        left = asyncio.create_task(aside.read(LARGE, reading))
        await asyncio.to_thread(reading.begun.wait, 10)
        left.cancel()
        later = asyncio.create_task(aside.read(LARGE, reading))
        await asyncio.wait({left})
        reading.let_go.set()
        await later
        assert reading.most == 1
