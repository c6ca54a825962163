"""Reads the new complete lines of a growing log file, from the offset where the last read ended.

If a file shrinks, is replaced or compressed, everything read from it is void, and it is read again.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from core.domain.value import Value

HEAD_BYTES = 256
"""The first bytes identify a file: each line begins with its time to the microsecond."""
TAIL_BYTES = 256
"""The bytes before the offset do, too: a file that was redacted twice may have the inode that it had at first, with
the same beginning, and other lines at the offset."""


class DamagedFile(OSError):
    """A compressed file that cannot be decompressed to its end."""


class Position(Value):
    """How far a file has been read, and how to recognise that it is still the same file."""

    inode: int = 0
    size_bytes: int = -1
    modified_ns: int = -1
    offset_bytes: int = 0
    """Offset of the next line; everything before it has been read."""
    head_bytes: int = 0
    head: str = ""
    """A hash of the first `head_bytes`."""
    tail_bytes: int = 0
    tail: str = ""
    """A hash of the last `tail_bytes` before `offset_bytes`; of no compressed file."""


class Fresh(Value):
    """A file with new data."""

    path: Path
    start: Position
    from_start: bool
    """It must be read from the beginning: earlier rows are void."""


def position_now(path: Path, before: Position) -> Position:
    """`before`, or the beginning if it is another file now. Raises OSError, including FileNotFoundError."""
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        here = {"inode": found.st_ino, "size_bytes": found.st_size, "modified_ns": found.st_mtime_ns}
        was_repacked = path.suffix == ".gz" and found.st_mtime_ns != before.modified_ns
        same = (
            found.st_ino == before.inode
            and found.st_size >= before.size_bytes
            and not was_repacked
            and (not before.head_bytes or _hash(file.read(before.head_bytes)) == before.head)
            and (not before.tail_bytes or _hash(_before(file, before.offset_bytes, before.tail_bytes)) == before.tail)
        )
    return before.model_copy(update=here) if same else Position.model_validate(here)


def position_at_end(path: Path, position: Position) -> Position | None:
    """The offset of the end of the file, or None if its last line is incomplete. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, position.size_bytes - 1))
        if file.read(1) != b"\n":
            return None
        tail = _before(file, position.size_bytes, min(TAIL_BYTES, position.size_bytes))
    end = {"offset_bytes": position.size_bytes, "head_bytes": len(head), "head": _hash(head)}
    end |= {"tail_bytes": len(tail), "tail": _hash(tail)}
    return position.model_copy(update=end)


def unchanged(path: Path, position: Position) -> bool:
    """True if the file is unchanged and need not be opened. Raises OSError."""
    found = path.stat()
    now = (found.st_ino, found.st_size, found.st_mtime_ns)
    return now == (position.inode, position.size_bytes, position.modified_ns)


def new_lines(path: Path, position: Position, max_bytes: int) -> Iterator[tuple[bytes, Position]]:
    """Pieces of complete lines after `position`, each with the offset of its end; at most `max_bytes` per piece.

    A last line without a newline is left for later, except in a compressed file, which no longer grows. A line longer
    than a piece is split, and each part is a broken line. Raises OSError, including DamagedFile.
    """
    packed = path.suffix == ".gz"
    with _opened(path, packed) as file:
        file.seek(position.offset_bytes)
        rest = b""
        while fresh := _read(file, max_bytes - len(rest)):
            piece = rest + fresh
            end = piece.rfind(b"\n") + 1 or (len(piece) if len(piece) >= max_bytes else 0)
            rest = piece[end:]
            if end:
                position = _moved(position, piece[:end], packed)
                yield piece[:end], position
        if rest and packed:
            yield rest, _moved(position, rest, packed)


def _moved(position: Position, piece: bytes, packed: bool) -> Position:
    update: dict[str, object] = {"offset_bytes": position.offset_bytes + len(piece)}
    if not packed:
        tail = piece[-TAIL_BYTES:]
        update |= {"tail_bytes": len(tail), "tail": _hash(tail)}
    if not packed and not position.head_bytes:
        head = piece[:HEAD_BYTES]
        update |= {"head_bytes": len(head), "head": _hash(head)}
    return position.model_copy(update=update)


def _before(file: BinaryIO, offset_bytes: int, size_bytes: int) -> bytes:
    file.seek(offset_bytes - size_bytes)
    return file.read(size_bytes)


def _hash(part: bytes) -> str:
    return hashlib.sha256(part).hexdigest()[:16]


def _opened(path: Path, packed: bool) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb")) if packed else path.open("rb")


def _read(file: BinaryIO, max_bytes: int) -> bytes:
    try:
        return file.read(max_bytes)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DamagedFile(str(error)) from error
