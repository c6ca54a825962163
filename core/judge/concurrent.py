"""Runs calls to models concurrently. An error of one does not stop the others, unless nobody needs their results."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from core.errors import NotFound


async def run_all(work: Mapping[str, Callable[[], Awaitable[None]]], at_once: int) -> None:
    """Run the work, by task name, at most `at_once` at the same time. Raises the first error when all have ended.

    NotFound, with Superseded, is raised at once, and the others are cancelled: the session is gone, or what the results
    are for has been stopped or replaced.
    """
    slots, failures, gone = asyncio.Semaphore(at_once), list[Exception](), list[Exception]()

    async def run(one: Callable[[], Awaitable[None]]) -> None:
        async with slots:
            if gone:
                return
            try:
                await one()
            except NotFound as error:
                gone.append(error)
                raise
            except Exception as failure:  # noqa: BLE001  (raised below)
                failures.append(failure)

    with suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as running:
            for name, one in work.items():
                running.create_task(run(one), name=name)
    for failure in (*gone, *failures):
        raise failure
