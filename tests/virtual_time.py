"""An event loop whose time does not pass but jumps: hours of waiting take no time, and always go the same way.

What waits for a real socket gets its turn first. Threads are not used: what is handed to one is done at once.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.builders import NOW


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.now_s = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self.now_s

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  (handed on)
            done.set_exception(error)
        return done


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout:
            self._loop.now_s += timeout
        return ready


class VirtualClock:
    """The clock that belongs to it."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self._loop.now_s)

    def monotonic(self) -> float:
        return self._loop.now_s
