"""Reads the telemetry of every process, each byte once, and answers questions about it.

    with TelemetryReader(directory) as reader:
        reader.refresh()
        reader.query("SELECT outcome, count(*) AS hunts FROM hunts WHERE model = ? GROUP BY outcome", ["openai/gpt-5"])

Tables: hunts, calls, runs, sessions, process, with the fields of records.py as columns, and `ts` (UTC, without a
zone). They hold what the files held at the last refresh: rows of a file that was removed go with it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pandas as pd

from core.domain.value import Value
from core.telemetry.log_tables import Loaded, LogTables
from core.telemetry.names import telemetry_files
from core.telemetry.tail import DamagedFile, Position, new_lines, position_now, unchanged

MIB = 1024 * 1024
PIECE_BYTES = 16 * MIB
"""How much is handed to DuckDB at once: large enough for its parallel reading, small enough for memory."""
FILES_AT_ONCE = 200


class RefreshReport(Value):
    """What one refresh found new."""

    events: int = 0
    bad_lines: int = 0
    """Broken lines that were skipped."""
    unknown_lines: int = 0
    """Records of a type or schema from a newer version, skipped too."""
    files: int = 0
    """Telemetry files there are now."""
    skipped_lines: int = 0
    """Broken and unknown lines in all of these files, whenever they were read."""
    unreadable: tuple[str, ...] = ()
    """Names of files that could not be opened or unpacked; tried again at the next refresh."""


@dataclass
class _File:
    """One file as far as it has been read."""

    number: int
    position: Position = field(default_factory=Position)
    skipped_lines: int = 0


class TelemetryReader:
    """Owned by who opened it; `close` gives back memory and the temporary folder. Safe to use from many threads."""

    def __init__(self, directory: Path, *, memory_most_mib: int = 160, piece_bytes: int = PIECE_BYTES) -> None:
        self._directory = directory
        self._piece_bytes = piece_bytes
        self._tables = LogTables(memory_most_mib)
        self._files: dict[str, _File] = {}
        self._damaged: dict[str, int] = {}
        """Packed files that cannot be unpacked, with the time they were written: not tried again until that changes."""
        self._numbers = 0
        self._refreshing = threading.Lock()

    def refresh(self) -> RefreshReport:
        """Reads what is new. Several may ask at once: they wait for one another and read nothing twice.

        Raises OSError when the folder is there and cannot be listed.
        """
        with self._refreshing:
            paths = telemetry_files(self._directory)
            gone = self._forget({path.name for path in paths})
            if gone:
                self._tables.load([], void=gone)
            unreadable: list[str] = []
            counts = [Loaded()]
            for batch in _batches(self._pieces(paths, unreadable), self._piece_bytes):
                counts += self._load(batch)
            return RefreshReport(
                events=sum(c.events for c in counts),
                bad_lines=sum(c.bad_lines for c in counts),
                unknown_lines=sum(c.unknown_lines for c in counts),
                files=len(paths),
                skipped_lines=sum(file.skipped_lines for file in self._files.values()),
                unreadable=tuple(unreadable),
            )

    def query(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> pd.DataFrame:
        """The answer as a frame; `?` or `$name` in `sql` stand for `params`. Raises duckdb.Error for bad SQL."""
        return self._tables.query(sql, params)

    def close(self) -> None:
        with self._refreshing:
            self._tables.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _forget(self, present: set[str]) -> list[int]:
        """Forgets the files that are gone and returns their numbers."""
        self._damaged = {name: at for name, at in self._damaged.items() if name in present}
        return [self._files.pop(name).number for name in sorted(self._files.keys() - present)]

    def _pieces(self, paths: Sequence[Path], unreadable: list[str]) -> Iterator[_Piece]:
        for path in paths:
            try:
                if self._damaged.get(path.name) == path.stat().st_mtime_ns:
                    unreadable.append(path.name)
                    continue
                yield from self._pieces_of(path)
            except FileNotFoundError:
                continue  # removed since the folder was listed: the next refresh forgets it
            except DamagedFile:
                self._damaged[path.name] = path.stat().st_mtime_ns
                unreadable.append(path.name)
            except OSError:
                unreadable.append(path.name)

    def _pieces_of(self, path: Path) -> Iterator[_Piece]:
        known = self._files.get(path.name)
        if known and unchanged(path, known.position):
            return
        start = position_now(path, known.position if known else Position())
        void = None
        if known is None or start.offset_bytes < known.position.offset_bytes:
            void = known.number if known else None
            self._numbers += 1
            known = _File(self._numbers)
        if void is not None or start.size_bytes == start.offset_bytes:
            yield _Piece(path.name, known.number, b"", start, void)
        for lines, position in new_lines(path, start, self._piece_bytes):
            yield _Piece(path.name, known.number, lines, position, None)

    def _load(self, batch: Sequence[_Piece]) -> list[Loaded]:
        """Lines go into the tables first; only then is it remembered that they were read."""
        void = [piece.void for piece in batch if piece.void is not None]
        lines = [(piece.number, piece.lines) for piece in batch if piece.lines]
        loaded = self._tables.load(lines, void=void) if lines or void else {}
        for piece in batch:
            before = self._files.get(piece.name)
            skipped = before.skipped_lines if before and before.number == piece.number else 0
            self._files[piece.name] = _File(piece.number, piece.position, skipped)
        for file in self._files.values():
            new = loaded.get(file.number, Loaded())
            file.skipped_lines += new.bad_lines + new.unknown_lines
        return list(loaded.values())


@dataclass(frozen=True)
class _Piece:
    """Whole lines of one file and the position behind them."""

    name: str
    number: int
    lines: bytes
    position: Position
    void: int | None
    """The number under which the file was read before it was replaced."""


def _batches(pieces: Iterator[_Piece], most_bytes: int) -> Iterator[list[_Piece]]:
    """Small files together, a large one piece by piece: about `most_bytes` at a time."""
    batch: list[_Piece] = []
    for piece in pieces:
        batch.append(piece)
        if len(batch) >= FILES_AT_ONCE or sum(len(one.lines) for one in batch) >= most_bytes:
            yield batch
            batch = []
    if batch:
        yield batch
