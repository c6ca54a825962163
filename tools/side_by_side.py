"""Processes that run together: if one does not answer or ends, all others are stopped.

Each gets a process group of its own, so that Ctrl-C in the terminal reaches only us, who then end all of
them in order: SIGTERM, a grace, SIGKILL.
"""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Awaitable, Callable, Sequence

import httpx

from tools.parts import CannotStart, Part

PROBE_EVERY_S = 0.2
PROBE_TIMEOUT_S = 2.0


class Ended(Exception):
    """A part ended though nobody asked it to."""


async def run_side_by_side(
    parts: Sequence[Part],
    when_all_answer: Callable[[], Awaitable[None]],
    *,
    start_deadline_s: float,
    stop_grace_s: float,
) -> None:
    """Runs until cancelled, or until it raises CannotStart or Ended; leaves no process behind."""

    async def greet() -> None:
        await asyncio.gather(*(_wait_for_answer(part, start_deadline_s) for part in parts))
        await when_all_answer()

    processes: list[Process] = []
    tasks: list[asyncio.Task[None]] = []
    try:
        for part in parts:
            processes.append(await _start(part))
            tasks.append(asyncio.create_task(_watch(part, processes[-1]), name=f"watch {part.name}"))
        tasks.append(asyncio.create_task(greet(), name="greet"))
        await asyncio.gather(*tasks)  # the first failure speaks for all
    finally:
        for task in tasks:
            task.cancel()
        await _stop(processes, stop_grace_s)


async def _start(part: Part) -> Process:
    output = None if part.prints else DEVNULL
    return await asyncio.create_subprocess_exec(*part.command, stdin=DEVNULL, stdout=output, start_new_session=True)


async def _watch(part: Part, process: Process) -> None:
    code = await process.wait()
    raise Ended(f"The {part.name} stopped unexpectedly (exit code {code}); its log is shown above.")


async def _wait_for_answer(part: Part, deadline_s: float) -> None:
    try:
        async with asyncio.timeout(deadline_s), httpx.AsyncClient(trust_env=False) as client:
            while not await _answers(client, part.health_url):  # noqa: ASYNC110 - another process, no event
                await asyncio.sleep(PROBE_EVERY_S)
    except TimeoutError:
        raise CannotStart(
            f"The {part.name} did not answer at {part.health_url} within {deadline_s:g} s; its log is shown above."
        ) from None


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        answer = await client.get(url, timeout=PROBE_TIMEOUT_S)
    except httpx.HTTPError:
        return False  # not there yet
    return answer.is_success


async def _stop(processes: Sequence[Process], grace_s: float) -> None:
    for process in processes:
        _signal_group(process, signal.SIGTERM)
    ends = [asyncio.create_task(process.wait()) for process in processes]
    # Cancelled once more while waiting: the person is in a hurry.
    with contextlib.suppress(asyncio.CancelledError):
        if ends:
            await asyncio.wait(ends, timeout=grace_s)
    for process in processes:
        _signal_group(process, signal.SIGKILL)  # what is left, and what a part left behind in its group
    await asyncio.gather(*ends)


def _signal_group(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # the whole group is gone, which is what was wanted
        os.killpg(process.pid, number)
