"""Standard output, which may be full, or closed by who reads it (`| head -1`): the command ends, without a trace."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

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


def replace_unencodable() -> None:
    """What the terminal's encoding lacks is shown as `?`: a letter of a task must not end the work with a trace."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


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


def discard_stdout() -> None:
    """What is still buffered goes nowhere, so that the interpreter does not trip over it at its end."""
    discard_output(sys.stdout)


def discard_output(stream: TextIO) -> None:
    """From now on what is written to `stream` goes nowhere, what it still holds included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def say(text: str) -> None:
    """One line on standard error. Where nobody can read it any more it goes nowhere: no work is lost for it."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        discard_output(sys.stderr)


class SafeStderr(io.TextIOBase):
    """Standard error for a console, that outlives its terminal and its reader.

    It is the stream as it stands now: a live display puts one of its own in its place that writes to the console.
    """

    def __init__(self) -> None:
        self._stream = sys.stderr

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    def write(self, text: str) -> int:
        return self._ignore_errors(lambda: self._stream.write(text))

    def flush(self) -> None:
        self._ignore_errors(self._stream.flush)

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def _ignore_errors(self, work: Callable[[], int | None]) -> int:
        try:
            return work() or 0
        except OSError:
            discard_output(self._stream)
            return 0
