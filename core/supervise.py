"""Tasks that a process needs for as long as it lives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)
PAUSE_S = 1.0
"""Before a task that failed begins again."""


async def run_forever(task: Callable[[], Awaitable[None]], on_bug: Callable[[BaseException], None]) -> None:
    """Run `task` until it returns or is cancelled. A failure that it did not expect is logged, told to `on_bug`, and it
    begins again: one that ended in silence would leave the process without signs of life, claims or permits.
    """
    while True:
        try:
            return await task()
        except Exception as error:
            log.exception("a task that is always needed failed; it begins again")
            on_bug(error)
        await asyncio.sleep(PAUSE_S)
