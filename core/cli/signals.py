"""Stops a command on Ctrl-C, SIGTERM or a closed terminal (SIGHUP)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable

from core.cli.output import discard_output


def stop_on_signals(stop: Callable[[], object], numbers: Iterable[signal.Signals]) -> None:
    """Call `stop` in the running loop on each of these signals, and on SIGHUP.

    An ignored SIGHUP (`nohup`) stays ignored. After SIGHUP, output to the terminal is discarded, so that the final work
    does not fail.
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
