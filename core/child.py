"""A child process that runs one function at a time: `python -m core.child MODULE…`, started by `core.child_process`.

It reads calls from its standard input, writes results to its standard output, and ends when its input does.
"""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from core.child_calls import LENGTH, READY, Batched, Call, CallResult, batches, head_of
from core.errors import HunterError

NICENESS = 5
"""Reading is for people, who notice a slow hunt sooner than a slow preview."""
RETIRE_BYTES = 256 * 1024 * 1024
"""A child that is larger than that after a call is replaced: what it took does not all go back to the system."""
OUT_OF_MEMORY = 3
"""The exit status of a child that was refused memory."""


def serve(calls: BinaryIO, results: BinaryIO) -> None:
    """Run call after call until there are no more."""
    results.write(READY)
    results.flush()
    retires = False
    while not retires and (head := _read(calls)):
        call, parts = pickle.loads(head)  # noqa: S301  of our own parent
        items = tuple(item for _ in range(parts) for item in pickle.loads(_read(calls)))  # noqa: S301
        _limit_memory(call.memory_bytes)
        signal.setitimer(signal.ITIMER_PROF, call.cpu_s)  # SIGPROF kills, also in the middle of a C function
        outcome, made = _outcome(call, items)
        packed = [head_of(outcome, made), *batches(made)]
        signal.setitimer(signal.ITIMER_PROF, 0)
        results.writelines(LENGTH.pack(len(part)) + part for part in packed)
        results.flush()
        retires = outcome.retires
        del head, call, items, outcome, made, packed
        gc.collect()


def _limit_memory(max_bytes: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = max_bytes if hard == resource.RLIM_INFINITY else min(max_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _outcome(call: Call, items: tuple[Any, ...]) -> tuple[CallResult, Sequence[Any]]:
    try:
        value = call.function(*call.arguments, *((items,) if call.has_items else ()))
    except HunterError as error:
        return CallResult(error=error, retires=_retires()), ()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  the parent raises it again
        return CallResult(trace=traceback.format_exc(), retires=_retires()), ()
    if isinstance(value, Batched):
        return CallResult(value.head, batched=True, retires=_retires()), value.items
    return CallResult(value, retires=_retires()), ()


def _retires() -> bool:
    """Whether it is large now. (The largest that it ever was, as `getrusage` tells, includes its parent's size.)"""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # not on Linux
        return False
    return pages * resource.getpagesize() > RETIRE_BYTES


def _read(calls: BinaryIO) -> bytes:
    """The next part; b"" at the end of the input."""
    length = calls.read(LENGTH.size)
    return calls.read(LENGTH.unpack(length)[0]) if len(length) == LENGTH.size else b""


def main() -> None:
    for name in sys.argv[1:]:
        importlib.import_module(name)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    with suppress(OSError):
        os.nice(NICENESS)
    gc.disable()  # looked for between two calls: what is read is a tree
    with suppress(BrokenPipeError):
        try:
            serve(sys.stdin.buffer, sys.stdout.buffer)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)


if __name__ == "__main__":
    main()
