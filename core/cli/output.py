"""Handles a full or closed stdout (`| head -1`): the command exits without a traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from core.errors import BadInput


class OutputLost(Exception):
    """Stdout cannot be written. `reason`: the system's message, "" if the reader closed the pipe."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def replace_unencodable() -> None:
    """Print characters outside the terminal's encoding as `?` instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def to_stdout() -> Iterator[None]:
    """Wraps writes to stdout and flushes them at the end. Raises OutputLost."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError as error:
        raise OutputLost("") from error
    except OSError as error:
        raise OutputLost(error.strerror or str(error)) from error


def ask(question: str, *, nobody: str) -> None:
    """Raises BadInput (`nobody`) without a terminal, KeyboardInterrupt for anything but yes."""
    if not sys.stdin.isatty():
        raise BadInput(nobody, hint="Add --yes.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise KeyboardInterrupt


def discard_stdout() -> None:
    """Discard buffered output, so that the interpreter's final flush does not fail."""
    discard_output(sys.stdout)


def discard_output(stream: TextIO) -> None:
    """Redirect `stream` to /dev/null, including its buffered output."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


def say(text: str) -> None:
    """Print one line to stderr. A closed stderr is ignored, so that no work is lost."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        discard_output(sys.stderr)


class SafeStderr(io.TextIOBase):
    """Stderr for a console; ignores a closed terminal or reader.

    Keeps the stream of the moment of its creation: a live display replaces sys.stderr with one that writes to the
    console.
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
