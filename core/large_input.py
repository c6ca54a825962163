"""Large texts are read in child processes, so that whatever shape they have, nobody else waits for it.

A thread would share the interpreter's lock: a notebook with 400,000 JSON values made the event loop late by 1.5 s.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from core.child_process import CallLimits, ChildLost, ChildProcess, OutOfMemory, TooSlow
from core.errors import Busy, TooLarge, Unavailable

SMALL_BYTES = 64 * 1024
"""Up to this size a text is read at once: whatever it holds, that takes less than 100 ms, and a process no less."""
LARGE_BYTES = 1024 * 1024
"""What is larger waits in a bounded queue of its own."""
READING = CallLimits(cpu_s=2.0, wall_s=30.0)
"""Of one input. What passes the size limits takes less than half of that CPU."""
EXPORTING = CallLimits(cpu_s=120.0, wall_s=600.0, memory_bytes=8 * 1024 * 1024 * 1024)
"""Of a session of our own: what was paid for is never refused for its size, only for a fault of ours."""


class LargeInputExecutor:
    """One process for medium inputs and one for large ones, each with a call at a time; `max_waiting` large ones wait.
    A process starts with the first call that needs it."""

    def __init__(self, max_waiting: int) -> None:
        self._medium, self._large = ChildProcess(), ChildProcess()
        self._max_waiting = max_waiting
        self._calls = 0

    async def read(
        self,
        size_bytes: int,
        function: Callable[..., Any],
        *arguments: Any,
        many_values: bool = False,
        always_waits: bool = False,
    ) -> Any:
        """What the function makes of an input of that size: here when that is small and has not `many_values`, else in
        a process. The function and its arguments can be pickled. `always_waits`: in the queue of medium inputs, which
        is not bounded.

        Raises what the function raises, Busy, TooLarge (also when it takes too much time or memory), Unavailable.
        """
        if size_bytes <= SMALL_BYTES and not many_values:
            return function(*arguments)
        large = (size_bytes > LARGE_BYTES or many_values) and not always_waits
        return await self._call(READING, large, function, *arguments)

    async def export(self, size_bytes: int, function: Callable[..., Any], *arguments: Any, items: Sequence[Any]) -> Any:
        """What the function makes of a session and its `items`, which together have about that size."""
        if size_bytes <= SMALL_BYTES:
            return function(*arguments, tuple(items))
        return await self._call(EXPORTING, size_bytes > LARGE_BYTES, function, *arguments, items=items)

    async def close(self) -> None:
        """End the processes and what they do."""
        await self._medium.close()
        await self._large.close()

    async def _call(
        self, limits: CallLimits, large: bool, function: Callable[..., Any], *arguments: Any, **more: Any
    ) -> Any:
        if large and self._calls > self._max_waiting:
            raise Busy(
                f"{self._max_waiting} large notebooks or requests are already waiting.",
                hint="Try again in a moment, or remove pictures and outputs from the notebook.",
            )
        self._calls += large
        try:
            return await (self._large if large else self._medium).call(limits, function, *arguments, **more)
        except (TooSlow, OutOfMemory) as error:
            raise TooLarge(
                f"The input is too expensive to read: {error}.",
                hint="Remove pictures, outputs and earlier results from the notebook.",
                code="too_costly",
            ) from error
        except ChildLost as error:
            raise Unavailable(f"The input could not be read: {error}.", hint="Try again in a moment.") from error
        finally:
            self._calls -= large


@asynccontextmanager
async def open_large_input_executor(max_waiting: int) -> AsyncIterator[LargeInputExecutor]:
    executor = LargeInputExecutor(max_waiting)
    try:
        yield executor
    finally:
        await executor.close()
