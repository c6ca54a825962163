"""Standard output, which may be full, or closed by who reads it (`| head -1`): the command ends, without a trace."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class OutputLost(Exception):
    """Standard output takes nothing any more. `reason` is the system's words, "" when the reader has gone."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StdoutConsole(Console):
    """Writes to standard output; a reader who has gone is an error like others, not the end of the process."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


@contextmanager
def to_stdout() -> Iterator[None]:
    """Around what is told on standard output; what was told is written at the end. Raises OutputLost."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError as error:
        raise OutputLost("") from error
    except OSError as error:
        raise OutputLost(error.strerror or str(error)) from error


def give_up_stdout() -> None:
    """What is still buffered goes nowhere, so that the interpreter does not trip over it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
