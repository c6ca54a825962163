"""Whole lines at the end of a file that other processes may be appending to at the same moment.

Writers take turns with a lock on the file: looking whether its last line is whole while another writes would see a
half of it. The file is opened anew for every write: it may have been moved, packed or deleted meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o640, 0o750
"""The log holds prompts and replies: its owner writes it, a group may read it (the dashboard runs as the same user)."""


def append_lines(path: Path, lines: Sequence[bytes]) -> int:
    """Appends `lines` (each ends with a newline) and returns how many of them are in the file whole.

    A full disk may take the first part only; the rest is for the next try. A line that was cut, by us or by a
    process that died, is closed with a newline first: it stays a broken line of its own and harms no other.
    Raises OSError when nothing could be written.
    """
    descriptor = os.open(path, os.O_APPEND | os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
    try:
        _restrict_mode(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # given back when the descriptor is closed
        closing = b"" if _ends_whole(descriptor) else b"\n"
        taken = os.write(descriptor, closing + b"".join(lines)) - len(closing)
    finally:
        os.close(descriptor)
    return _count_complete(lines, taken)


def _restrict_mode(descriptor: int) -> None:
    """Take from a file what everybody may do with it: releases before this one made files that all could read."""
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
