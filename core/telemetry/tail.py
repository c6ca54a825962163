"""What is new in a log file that grows: whole lines from the byte where the last reading ended.

A file may also shrink, be replaced or be packed: then everything read from it is void and it is read anew.
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
"""The first bytes tell one file from another: each line begins with its own time to the microsecond."""


class DamagedFile(OSError):
    """A packed file that cannot be unpacked to its end."""


class Position(Value):
    """How far a file has been read, and how to tell that it is still the same file."""

    inode: int = 0
    size_bytes: int = -1
    modified_ns: int = -1
    offset_bytes: int = 0
    """Everything before it has been read; it is the beginning of a line."""
    head_bytes: int = 0
    head: str = ""
    """A hash of the first `head_bytes`."""


class Fresh(Value):
    """A file with something new in it."""

    path: Path
    start: Position
    anew: bool
    """It is read from its beginning: what was known of it is void."""


def position_now(path: Path, before: Position) -> Position:
    """`before`, or the beginning when it is another file by now. Raises OSError, FileNotFoundError too."""
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        here = {"inode": found.st_ino, "size_bytes": found.st_size, "modified_ns": found.st_mtime_ns}
        packed_anew = path.suffix == ".gz" and found.st_mtime_ns != before.modified_ns
        same = (
            found.st_ino == before.inode
            and found.st_size >= before.size_bytes
            and not packed_anew
            and (not before.head_bytes or _hash(file.read(before.head_bytes)) == before.head)
        )
    return before.model_copy(update=here) if same else Position.model_validate(here)


def position_at_end(path: Path, position: Position) -> Position | None:
    """The position behind the whole file, or None when its last line is not whole. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, position.size_bytes - 1))
        if file.read(1) != b"\n":
            return None
    end = {"offset_bytes": position.size_bytes, "head_bytes": len(head), "head": _hash(head)}
    return position.model_copy(update=end)


def unchanged(path: Path, position: Position) -> bool:
    """True when nothing has happened to the file since; then it need not be opened. Raises OSError."""
    found = path.stat()
    now = (found.st_ino, found.st_size, found.st_mtime_ns)
    return now == (position.inode, position.size_bytes, position.modified_ns)


def new_lines(path: Path, position: Position, max_bytes: int) -> Iterator[tuple[bytes, Position]]:
    """Pieces of whole lines behind `position`, each with the position behind it; at most `max_bytes` a piece.

    A last line without its newline is left for later, except in a packed file, which does not grow any more.
    A line longer than a piece comes in pieces, each of them a broken line. Raises OSError, DamagedFile among them.
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
    if not packed and not position.head_bytes:
        head = piece[:HEAD_BYTES]
        update |= {"head_bytes": len(head), "head": _hash(head)}
    return position.model_copy(update=update)


def _hash(head: bytes) -> str:
    return hashlib.sha256(head).hexdigest()[:16]


def _opened(path: Path, packed: bool) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb")) if packed else path.open("rb")


def _read(file: BinaryIO, max_bytes: int) -> bytes:
    try:
        return file.read(max_bytes)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DamagedFile(str(error)) from error
