"""Appends whole lines to a file that other processes may be appending to.

Writers lock the file in turn, because checking whether its last line is complete while another process writes would
see half a line. The file is opened again for every write, because it may have been moved, compressed or deleted
meanwhile. A rewriting (redact_deleted.py) holds the same lock while it replaces the file.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o640, 0o750
"""The log contains prompts and replies: its owner writes it, and its group may read it (the dashboard runs as the same
user)."""


def append_lines(path: Path, lines: Sequence[bytes]) -> int:
    """Append `lines` (each ends with a newline) and return how many of them are completely in the file.

    If the disk is full, only the first part may be written; the rest is for the next attempt. A line that was cut off,
    by this process or one that died, is ended with a newline first: it stays a broken line and affects no other.
    Raises OSError if nothing could be written.
    """
    descriptor = open_locked(path, os.O_APPEND | os.O_CREAT | os.O_RDWR)
    try:
        _restrict_mode(descriptor)
        closing = b"" if _ends_whole(descriptor) else b"\n"
        taken = os.write(descriptor, closing + b"".join(lines)) - len(closing)
    finally:
        os.close(descriptor)
    return _count_complete(lines, taken)


def open_locked(path: Path, flags: int) -> int:
    """Open the file and wait for its lock, which is released when the descriptor is closed. If the file was replaced or
    removed meanwhile, the one that is there now is opened. Raises OSError."""
    while True:
        descriptor = os.open(path, flags | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _restrict_mode(descriptor: int) -> None:
    """Remove the permissions for others: earlier releases created files that everyone could read."""
    mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
    if mode & stat.S_IRWXO:
        with suppress(PermissionError):  # somebody else's file
            os.fchmod(descriptor, mode & ~stat.S_IRWXO)


def _ends_whole(descriptor: int) -> bool:
    size_bytes = os.fstat(descriptor).st_size
    return size_bytes == 0 or os.pread(descriptor, 1, size_bytes - 1) == b"\n"


def _count_complete(lines: Sequence[bytes], taken_bytes: int) -> int:
    end = 0
    for count, line in enumerate(lines):
        end += len(line)
        if end > taken_bytes:
            return count
    return len(lines)
