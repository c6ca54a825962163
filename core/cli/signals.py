"""What ends a command before its time: Ctrl-C, SIGTERM, and a terminal that is closed (SIGHUP)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable

from core.cli.output import discard_output


def stop_on_signals(stop: Callable[[], object], numbers: Iterable[signal.Signals]) -> None:
    """Have the running loop call `stop` for each of these signals, and for SIGHUP.

    A SIGHUP that is ignored already (`nohup`) stays ignored. When the terminal is closed, what would be written to it
    goes nowhere: the work at the end must not fail for it.
    """
    loop = asyncio.get_running_loop()
    for number in numbers:
        loop.add_signal_handler(number, stop)
    terminals = [stream for stream in (sys.stdout, sys.stderr) if os.isatty(stream.fileno())]

    def hang_up() -> None:
        for stream in terminals:
            discard_output(stream)
        stop()

    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, hang_up)
