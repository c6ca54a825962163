"""How late the event loop is, whatever else the machine does; and how slow this machine is."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import Awaitable, Callable

TICK_S = 0.005
TRIES = 3
"""CPU time grows, too, on a machine that is busy with other things: an input fails when it is late each time."""


REFERENCE_CPU_S = 0.12
"""CPU time of the work below on the machine that the CPU limits refer to: two cores of 2026-11-28, on which the bare
client of `make bench` needed 0.36 ms a call (where it needs 0.60 ms, this work takes 0.20 s)."""


def on_reference_machine(seconds: float, allowed_s: float) -> float:
    """Return CPU seconds of this machine in those of the reference machine, never more of them; unchanged if they are
    less than `allowed_s`. Machines differ by a factor of two, and so does one machine within an hour: its speed is
    measured each time."""
    return seconds if seconds < allowed_s else seconds / max(1.0, _reference_cpu_s() / REFERENCE_CPU_S)


def _reference_cpu_s() -> float:
    before = time.process_time()
    text = json.dumps([{"id": n, "text": f"line {n}"} for n in range(60_000)])
    assert len(json.loads(text)) == text.count("id")
    return time.process_time() - before


class Probe:
    """How late the event loop was at worst while the block ran, for what this process did itself: where it was late and
    used less CPU meanwhile, others had the machine."""

    async def __aenter__(self) -> Probe:
        self.latest_s = 0.0
        gc.disable()  # a server collects rarely, and has fewer objects than the tests
        self._task = asyncio.create_task(self._look())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(TICK_S)
        self._task.cancel()
        await asyncio.wait([self._task])
        gc.enable()

    async def _look(self) -> None:
        while True:
            before, cpu_before = time.monotonic(), time.process_time()
            await asyncio.sleep(TICK_S)
            late_s = time.monotonic() - before - TICK_S
            self.latest_s = max(self.latest_s, min(late_s, time.process_time() - cpu_before))


class MachineDelay:
    """How long this process was ready to run while others had the machine: what a test that measures time on a busy
    machine subtracts. It is that of one event loop: time in which another process (Redis) waited is not in it."""

    def __init__(self) -> None:
        self._ended_s = 0.0
        self._begin()

    def _begin(self) -> None:
        self._began, self._cpu_began = time.monotonic(), time.process_time()

    def _current_s(self) -> float:
        late_s = time.monotonic() - self._began - TICK_S
        return max(0.0, late_s - (time.process_time() - self._cpu_began))

    @property
    def total_s(self) -> float:
        """Since it has been looked at, until now."""
        return self._ended_s + self._current_s()

    async def look(self) -> None:
        """Goes on until it is cancelled."""
        while True:
            self._begin()
            await asyncio.sleep(TICK_S)
            self._ended_s += self._current_s()


async def latest_s(work: Callable[[], Awaitable[object]], allowed_s: float) -> float:
    """How late the loop was at the best of some tries, in seconds of the reference machine."""
    latest: list[float] = []
    while len(latest) < TRIES and (not latest or latest[-1] >= allowed_s):
        async with Probe() as probe:
            await work()
        latest.append(on_reference_machine(probe.latest_s, allowed_s))
    return min(latest)
