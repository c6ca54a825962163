"""Large texts are read beside the event loop, one at a time: their values take many times their size in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from core.errors import Busy

LARGE_BYTES = 1024 * 1024
"""What is smaller is read at once: in 10 to 20 ms, no longer than others may have to wait for their turn."""
Result = TypeVar("Result")


class Aside:
    """One thread for large work; what is asked for meanwhile waits in line, at most `waiting_most` of it."""

    def __init__(self, waiting_most: int) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside")
        self._most = waiting_most
        self._asked = 0

    async def read(self, text: bytes, work: Callable[[], Result], *, large: bool = False) -> Result:
        """What `work` makes of `text`: done here when it is small; beside, in its turn, when it is `large` or has more
        than LARGE_BYTES. Raises Busy, and what `work` raises."""
        if not large and len(text) <= LARGE_BYTES:
            return work()
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
        self._thread.shutdown(wait=False, cancel_futures=True)


@contextmanager
def open_aside(waiting_most: int) -> Iterator[Aside]:
    aside = Aside(waiting_most)
    try:
        yield aside
    finally:
        aside.close()
