"""Texts of some size are read beside the event loop, large ones one at a time: their values take much memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from core.errors import Busy

SMALL_BYTES = 64 * 1024
"""Up to this size a text is read at once: whatever it holds, that takes less than 100 ms."""
LARGE_BYTES = 1024 * 1024
"""What is larger waits in a bounded line of its own, since it takes many times its size in memory."""
Result = TypeVar("Result")


class Aside:
    """One thread for middling work and one for large work; of the latter at most `max_waiting` waits in line."""

    def __init__(self, max_waiting: int) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside")
        self._middling = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside-middling")
        self._most = max_waiting
        self._asked = 0

    async def read(self, text: bytes, work: Callable[[], Result], *, large: bool = False) -> Result:
        """What `work` makes of `text`: done here when it is small; beside, in its turn, when it has more than
        SMALL_BYTES or is `large` (more than LARGE_BYTES, or many values). Raises Busy, and what `work` raises."""
        if not large and len(text) <= SMALL_BYTES:
            return work()
        if not large and len(text) <= LARGE_BYTES:
            return await asyncio.get_running_loop().run_in_executor(self._middling, work)
        if self._asked > self._most:
            raise Busy(
                f"{self._most} large notebooks or requests are waiting to be read already.",
                hint="Try again in a moment, or take pictures and outputs out of the notebook.",
            )
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._asked -= 1

    def close(self) -> None:
        """Begin nothing more; what is being read goes to its end by itself."""
        for thread in (self._thread, self._middling):
            thread.shutdown(wait=False, cancel_futures=True)


@contextmanager
def open_aside(max_waiting: int) -> Iterator[Aside]:
    aside = Aside(max_waiting)
    try:
        yield aside
    finally:
        aside.close()
