"""A deadline that counts only the time in which our own event loop ran: our delays are no failure of Redis."""

from __future__ import annotations

import asyncio

TICKS = 16
"""Timers into which a deadline is divided. Only its own part counts of each, however late the loop runs it."""
PASSES = 32
"""Passes of the event loop that follow: microseconds on an idle loop. A command takes two or three of them, several
commands with a connection to open some twenty, however long each pass takes on a busy loop."""


class FairDeadline:
    """Expires `limit` after TICKS timers, one after the other, and PASSES passes of the event loop, which read what has
    arrived. A starved loop (no CPU, other tasks, a stopped process) takes longer, and gives up too.
    """

    def __init__(self, limit: asyncio.Timeout, deadline_s: float, loop: asyncio.AbstractEventLoop) -> None:
        self._limit = limit
        self._loop = loop
        self._tick_s = deadline_s / TICKS
        self._left = TICKS + PASSES
        self._next: asyncio.Handle = loop.call_later(self._tick_s, self._count)

    def end(self) -> None:
        self._next.cancel()

    def _count(self) -> None:
        self._left -= 1
        if self._left > PASSES:
            self._next = self._loop.call_later(self._tick_s, self._count)
        elif self._left:
            self._next = self._loop.call_soon(self._count)
        else:
            self._limit.reschedule(self._loop.time())
