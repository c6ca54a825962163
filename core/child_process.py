"""Runs functions in a child process that is killed when one takes too long or too much memory.

A thread cannot be ended, and shares the interpreter's lock with every request; a process can, and does not. Arguments
and results are pickled; many items travel in batches, between which the event loop is free.
"""

from __future__ import annotations

import asyncio
import pickle
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from core.child import OUT_OF_MEMORY
from core.child_calls import LENGTH, Batched, Call, CallResult, batches, head_of

log = structlog.get_logger(__name__)
START_S = 20.0
"""For a process to start on a busy machine."""
END_S = 5.0
"""For a process to end once it has closed its output."""
IDLE_S = 300.0
"""After so long without a call the process is ended: it takes some 50 MiB."""
STREAM_BYTES = 1024 * 1024
OURS = Path(__file__).resolve().parents[1]
"""Where `-m` looks first: a folder `core` of the working directory is somebody else's."""


class ChildFailed(Exception):
    """The call has no result."""


class TooSlow(ChildFailed):
    """It took more time than it may, and was killed."""


class OutOfMemory(ChildFailed):
    """It took more memory than it may."""


class ChildLost(ChildFailed):
    """The process could not be started, or has ended for another reason."""


@dataclass(frozen=True)
class CallLimits:
    cpu_s: float
    wall_s: float
    """With the wait for a busy machine, and with what is sent and received."""
    memory_bytes: int = 1024 * 1024 * 1024
    """Of address space."""


@dataclass
class ChildProcess:
    """One call at a time, in the order of arrival. The process starts with the first call, with `modules`
    imported: others are imported in the time of the call that first needs them, but not in its CPU time."""

    modules: tuple[str, ...] = ()
    idle_s: float = IDLE_S
    _child: Process | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    _idle: asyncio.TimerHandle | None = None
    _closed: bool = False

    async def call(
        self,
        limits: CallLimits,
        function: Callable[..., Any],
        *arguments: Any,
        items: Sequence[Any] | None = None,
        wait_s: float | None = None,
    ) -> Any:
        """What the function returns. `items` are its last argument, for what is too much to be pickled at once.

        Raises what the function raises, TimeoutError after `wait_s` of waiting for others, and ChildFailed.
        """
        call = Call(function, arguments, items is not None, limits.cpu_s, limits.memory_bytes)
        async with asyncio.timeout(wait_s):
            await self._one_at_a_time.acquire()
        try:
            outcome = await self._outcome(call, items or (), limits.wall_s)
        finally:
            self._one_at_a_time.release()
        if outcome.error is not None:
            raise outcome.error
        if outcome.trace:
            raise RuntimeError(f"{function.__name__} failed in the child process:\n{outcome.trace}")
        return outcome.value

    async def close(self) -> None:
        """End the process, and begin none any more."""
        self._closed = True
        if self._idle is not None:
            self._idle.cancel()
        if self._child is not None:
            with suppress(ProcessLookupError):
                self._child.kill()  # whoever waits for an answer notices, and clears up
        async with self._one_at_a_time:
            if self._child is not None:
                await self._kill(self._child)

    async def _outcome(self, call: Call, items: Sequence[Any], wall_s: float) -> CallResult:
        if self._idle is not None:
            self._idle.cancel()
        child = await self._started()
        try:
            async with asyncio.timeout(wall_s):
                outcome = await _asked(child, call, items)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            if not isinstance(error, TimeoutError):  # it ends by itself: killing it now could lose its exit status
                with suppress(TimeoutError):
                    async with asyncio.timeout(END_S):
                        await child.wait()
            await self._kill(child)
            raise _failure(error, child, call) from error
        except BaseException:  # cancelled: its answer would be taken for the next call's
            await self._kill(child)
            raise
        if outcome.retires:
            await self._kill(child)
        else:
            self._idle = asyncio.get_running_loop().call_later(self.idle_s, self._end_idle)
        return outcome

    async def _started(self) -> Process:
        if self._closed:
            raise ChildLost("the server is shutting down")
        if self._child is not None and self._child.returncode is None:
            return self._child
        command = (sys.executable, "-m", "core.child", *self.modules)
        try:
            child = await asyncio.create_subprocess_exec(
                *command, cwd=OURS, stdin=PIPE, stdout=PIPE, start_new_session=True, limit=STREAM_BYTES
            )
        except OSError as error:
            raise ChildLost("no process can be started") from error
        self._child = child
        try:
            async with asyncio.timeout(START_S):
                await _read(child, LENGTH.size)
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            await self._kill(child)
            raise ChildLost("the process did not start") from error
        except asyncio.CancelledError:
            await self._kill(child)
            raise
        return child

    def _end_idle(self) -> None:
        """Its input ends, and so does it; the next call starts another."""
        if self._child is not None and self._child.stdin is not None and not self._one_at_a_time.locked():
            self._child.stdin.close()
            self._child = None

    async def _kill(self, child: Process) -> None:
        self._child = None
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
        await asyncio.shield(_end(child))


async def _end(child: Process) -> None:
    if child.stdout is not None:
        await child.stdout.read()  # what is not read keeps the pipe open, and `wait` waits for that
    await child.wait()


async def _asked(child: Process, call: Call, items: Sequence[Any]) -> CallResult:
    if child.stdin is None:
        raise ConnectionError("no pipe")
    await _write(child.stdin, head_of(call, items))
    for part in batches(items):
        await _write(child.stdin, part)
    outcome: CallResult
    outcome, parts = pickle.loads(await _read_part(child))  # noqa: S301  of our own child
    made: list[Any] = []
    for _ in range(parts):
        made += pickle.loads(await _read_part(child))  # noqa: S301  of our own child
        await asyncio.sleep(0)
    if outcome.batched:
        return CallResult(Batched(outcome.value, tuple(made)), retires=outcome.retires)
    return outcome


async def _write(pipe: asyncio.StreamWriter, part: bytes) -> None:
    pipe.write(LENGTH.pack(len(part)))
    pipe.write(part)
    await pipe.drain()
    await asyncio.sleep(0)


async def _read_part(child: Process) -> bytes:
    return await _read(child, LENGTH.unpack(await _read(child, LENGTH.size))[0])


async def _read(child: Process, number: int) -> bytes:
    if child.stdout is None:
        raise ConnectionError("no pipe")
    return await child.stdout.readexactly(number)


def _failure(error: Exception, child: Process, call: Call) -> ChildFailed:
    status = None if isinstance(error, TimeoutError) else child.returncode
    log.warning("a call in a child process failed", function=call.function.__name__, status=status)
    if status is None or status == -signal.SIGPROF:
        return TooSlow(f"it took more than {call.cpu_s:g} s of CPU")
    if status in {OUT_OF_MEMORY, -signal.SIGABRT}:  # the parsers in Rust abort
        return OutOfMemory(f"it took more than {call.memory_bytes:,} bytes")
    return ChildLost(f"the process ended with status {status}")
