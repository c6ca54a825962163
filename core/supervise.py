"""Tasks that run for the lifetime of the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger(__name__)
RESTART_DELAY_S = 1.0
"""Delay before a failed task is restarted."""


async def run_forever(task: Callable[[], Awaitable[None]], on_bug: Callable[[BaseException], None]) -> None:
    """Run `task` until it returns or is cancelled. An unexpected exception is logged and passed to `on_bug`, then the
    task restarts: without it, the process would lose its heartbeat, claims or permits.
    """
    while True:
        try:
            return await task()
        except Exception as error:
            log.exception("task.failed")
            on_bug(error)
        await asyncio.sleep(RESTART_DELAY_S)


@asynccontextmanager
async def running(
    on_bug: Callable[[BaseException], None], **tasks: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """Run each task forever, under its name, until the block ends."""
    started = [asyncio.create_task(run_forever(task, on_bug), name=name) for name, task in tasks.items()]
    try:
        yield
    finally:
        for task in started:
            task.cancel()
        await asyncio.wait(started)
