"""Finds single records in the log files: fields that the tables omit, and all records of one hunt or session.

Files are searched as bytes and only matching lines are parsed, so the tables need not contain every text.
"""

from __future__ import annotations

import gzip
import json
import mmap
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from core.domain.value import Value


class LogLine(Value):
    """One record of the log."""

    at: datetime
    type: str
    data: dict[str, Any]


def find_records(
    paths: Sequence[Path], word: str, *, field: str, maximum: int, types: Collection[str] = ()
) -> list[LogLine]:
    """The records whose `field` equals `word`, by time; at most `maximum`. `types`: only of these; empty: of all. Skips
    unreadable files."""
    found: list[LogLine] = []
    for path in paths:
        for raw in _raw_lines(path, word.encode()):
            line = _parsed(raw)
            if line is not None and line.data.get(field) == word and (not types or line.type in types):
                found.append(line)
            if len(found) >= maximum:
                break
    return sorted(found, key=lambda line: line.at)[:maximum]


def _raw_lines(path: Path, word: bytes) -> Iterator[bytes]:
    """Lines that contain `word`."""
    if not word:
        return
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rb") as packed:
                yield from (line for line in packed if word in line)
        elif path.stat().st_size:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                yield from _found_in(content, word)
    except (OSError, EOFError):
        return  # removed or damaged: the reader reports such files


def _found_in(content: mmap.mmap, word: bytes) -> Iterator[bytes]:
    place = content.find(word)
    while place >= 0:
        begin = content.rfind(b"\n", 0, place) + 1
        end = content.find(b"\n", place)
        end = len(content) if end < 0 else end
        yield content[begin:end]
        place = content.find(word, end)


def _parsed(raw: bytes) -> LogLine | None:
    try:
        envelope = json.loads(raw)
        return LogLine(at=envelope["ts"], type=envelope["type"], data=envelope["data"])
    except (ValueError, KeyError, TypeError):
        return None  # a broken line or an unknown record: the reader counts them
