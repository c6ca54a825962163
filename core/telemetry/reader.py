"""Reads the telemetry of every process, each byte once, and answers questions about it.

    with TelemetryReader(directory, cache_directory=directory / ".cache") as reader:
        reader.refresh()
        reader.query("SELECT outcome, count(*) AS hunts FROM hunts WHERE model = ? GROUP BY outcome", ["openai/gpt-5"])

Tables: hunts, calls, runs, sessions, reviews, process, with the fields of records.py as columns, and `ts` (UTC, without
a zone). They hold what the files held at the last refresh: rows of a file that was removed go with it. With a cache
directory they outlive the process, and the next one reads only what is new.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Self

import duckdb
import pandas as pd

from core.domain.value import Value
from core.telemetry.cache import CachePlace
from core.telemetry.log_tables import Arrival, FileState, Loaded, LogTables, Moved, drop_unreadable_lines, shape
from core.telemetry.names import day_of, telemetry_files
from core.telemetry.newest import new_bytes, newest_day, newest_first
from core.telemetry.tail import DamagedFile, Fresh, Position, new_lines, position_at_end, position_now, unchanged

MIB = 1024 * 1024
MEMORY_MIB = 200
"""While much is read: with less DuckDB's reading slows down or fails. At rest it keeps a part of that."""
PIECE_BYTES = 16 * MIB
BATCH_BYTES = 64 * MIB
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
    skipped_incomplete: int = 0
    """Of those the records that lack what this version requires: other versions wrote them so."""
    skipped_unknown: int = 0
    """Of those the records of a newer version."""
    unreadable: tuple[str, ...] = ()
    """Names of files that could not be opened or unpacked; tried again at the next refresh."""
    waiting_bytes: int = 0
    """About so much of the log is left for the next refresh."""
    complete_after: date | None = None
    """The newest day of which something waits; of every later day all is in the tables. None: nothing waits."""


class _Piece(Value):
    """New whole lines of a file, the position behind them, and how many lines of them nobody could read."""

    arrival: Arrival
    end: Position
    anew: bool
    unreadable_lines: int = 0


class TelemetryReader:
    """Owned by who opened it; `close` gives back memory, lock and scratch folder. Safe to use from many threads."""

    def __init__(
        self,
        directory: Path,
        *,
        cache_directory: Path | None = None,
        max_memory_mib: int = MEMORY_MIB,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        self._directory = directory
        self._piece_bytes = piece_bytes
        self._place = CachePlace(directory, cache_directory, shape())
        self._tables = LogTables(self._place, max_memory_mib)
        self._files = self._tables.states()
        self._damaged: dict[str, int] = {}
        """Packed files that cannot be unpacked, with the time they were written: not tried again until that changes."""
        self._refreshing = threading.Lock()
        self._changes = 0

    def refresh(self, max_bytes: int | None = None) -> RefreshReport:
        """Reads what is new. Several may ask at once: they wait for one another and read nothing twice.

        With `max_bytes` about so much, newest days first; the report tells what is left for the next time.
        Raises OSError when the folder is there and cannot be listed.
        """
        with self._refreshing:
            paths = telemetry_files(self._directory)
            self._delete({path.name for path in paths})
            unreadable: list[str] = []
            fresh = list(self._fresh(paths, unreadable))
            now, waiting = newest_first(fresh, max_bytes)
            growing = max((day for path in paths if (day := day_of(path.name))), default=None)
            counts = [Loaded(), *self._read(now, growing, unreadable)]
            return RefreshReport(
                events=sum(c.events for c in counts),
                bad_lines=sum(c.bad_lines for c in counts),
                unknown_lines=sum(c.unknown_lines for c in counts),
                files=len(paths),
                skipped_lines=sum(file.skipped_lines for file in self._files.values()),
                skipped_incomplete=sum(file.incomplete_lines for file in self._files.values()),
                skipped_unknown=sum(file.unknown_lines for file in self._files.values()),
                unreadable=tuple(sorted(unreadable)),
                waiting_bytes=sum(map(new_bytes, waiting)),
                complete_after=newest_day(waiting),
            )

    def query(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> pd.DataFrame:
        """The answer as a frame; `?` or `$name` in `sql` stand for `params`. Raises duckdb.Error for bad SQL."""
        return self._tables.query(sql, params)

    @property
    def changes(self) -> tuple[int, int]:
        """Another value whenever the tables may answer otherwise than before, and for every reader."""
        return id(self), self._changes

    def files_with(self, condition: str, params: Mapping[str, Any]) -> list[Path]:
        """The log files that hold the lines of which `condition` is true, oldest first (core.telemetry.lines)."""
        sql = f"SELECT DISTINCT name FROM events JOIN segments USING (segment) WHERE {condition} ORDER BY name"  # noqa: S608
        return [self._directory / str(name) for name in self.query(sql, params)["name"]]

    def files_since(self, day: date | None) -> list[Path]:
        """The log files of that day (None: the first) and later, oldest first. Raises OSError as `refresh`."""
        return [
            path for path in telemetry_files(self._directory) if (day_of(path.name) or date.min) >= (day or date.min)
        ]

    def close(self) -> None:
        with self._refreshing:
            self._tables.close()
            self._place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---------------------------------------------------------------- what is new

    def _delete(self, present: set[str]) -> None:
        self._damaged = {name: at for name, at in self._damaged.items() if name in present}
        if gone := sorted(self._files.keys() - present):
            self._tables.load([], lambda _: {}, void=gone)
            self._changes += 1
            for name in gone:
                del self._files[name]

    def _fresh(self, paths: Sequence[Path], unreadable: list[str]) -> Iterator[Fresh]:
        for path in paths:
            known = self._files.get(path.name)
            try:
                if self._damaged.get(path.name) == path.stat().st_mtime_ns:
                    unreadable.append(path.name)
                elif known is None or not unchanged(path, known.position):
                    before = known.position if known else Position()
                    start = position_now(path, before)
                    anew = known is not None and start.offset_bytes < before.offset_bytes
                    yield Fresh(path=path, start=start, anew=anew)
            except FileNotFoundError:
                continue  # removed since the folder was listed: the next refresh forgets it
            except OSError:
                unreadable.append(path.name)

    # ---------------------------------------------------------------- reading it

    def _read(self, fresh: Sequence[Fresh], growing: date | None, unreadable: list[str]) -> Iterator[Loaded]:
        """Past days are read where they stand, all at once; what may be growing is copied first, up to its size now."""
        whole = [one for one in fresh if day_of(one.path.name) != growing and _reads_whole(one)]
        pieces = [piece for one in whole if (piece := _in_place(one)) is not None]
        there = {piece.arrival.name for piece in pieces}
        if pieces:
            try:
                yield self._load(pieces)
            except (Moved, duckdb.Error, OSError):
                there = set()  # whichever it was: piece by piece each file is looked at by itself
        for batch in _batches(self._pieces([one for one in fresh if one.path.name not in there], unreadable)):
            yield self._load_copied(batch)

    def _pieces(self, fresh: Sequence[Fresh], unreadable: list[str]) -> Iterator[_Piece]:
        for one in fresh:
            try:
                yield from self._pieces_of(one)
            except FileNotFoundError:
                continue
            except DamagedFile:
                self._damaged[one.path.name] = one.path.stat().st_mtime_ns
                unreadable.append(one.path.name)
            except OSError:
                unreadable.append(one.path.name)

    def _pieces_of(self, one: Fresh) -> Iterator[_Piece]:
        anew = one.anew
        if anew or one.start.size_bytes == one.start.offset_bytes:
            yield self._copied(one, b"", one.start, anew)
            anew = False
        for lines, position in new_lines(one.path, one.start, self._piece_bytes):
            yield self._copied(one, lines, position, anew)

    def _copied(self, one: Fresh, lines: bytes, position: Position, anew: bool) -> _Piece:
        path = self._place.scratch / f"{one.path.name}-{position.offset_bytes}.jsonl"
        path.write_bytes(lines)
        return _Piece(arrival=Arrival(name=one.path.name, path=path), end=position, anew=anew)

    def _load_copied(self, batch: Sequence[_Piece]) -> Loaded:
        try:
            return self._load(batch)
        except duckdb.Error:
            # Rare: bytes that even `ignore_errors` does not get over, such as a line of many megabytes.
            mended = [p.model_copy(update={"unreadable_lines": drop_unreadable_lines(p.arrival.path)}) for p in batch]
            return self._load(mended)
        finally:
            for piece in batch:
                piece.arrival.path.unlink(missing_ok=True)

    def _load(self, batch: Sequence[_Piece]) -> Loaded:
        """Lines go into the tables first; only then is it remembered that they were read."""
        void = sorted({piece.arrival.name for piece in batch if piece.anew})
        arrivals = [piece.arrival for piece in batch if piece.arrival.path.stat().st_size]
        states: dict[str, FileState] = {}

        def after(loaded: Mapping[str, Loaded]) -> Mapping[str, FileState]:
            _reject_moved(batch)
            states.update(self._states(batch, loaded, void))
            return states

        loaded = self._tables.load(arrivals, after, void=void)
        self._files.update(states)
        self._changes += 1
        unreadable = sum(piece.unreadable_lines for piece in batch)
        return Loaded(
            events=sum(one.events for one in loaded.values()),
            bad_lines=sum(one.bad_lines for one in loaded.values()) + unreadable,
            unknown_lines=sum(one.unknown_lines for one in loaded.values()),
        )

    def _states(
        self, batch: Sequence[_Piece], loaded: Mapping[str, Loaded], void: Sequence[str]
    ) -> dict[str, FileState]:
        states: dict[str, FileState] = {}
        for piece in batch:
            name = piece.arrival.name
            before = states.get(name) or (FileState(position=piece.end) if name in void else self._files.get(name))
            known = before or FileState(position=piece.end)
            came = loaded.get(name, Loaded()) if name not in states else Loaded()
            skipped = came.bad_lines + came.unknown_lines + piece.unreadable_lines
            states[name] = FileState(
                position=piece.end,
                skipped_lines=known.skipped_lines + skipped,
                incomplete_lines=known.incomplete_lines + came.incomplete_lines,
                unknown_lines=known.unknown_lines + came.unknown_lines,
            )
        return states


def _reads_whole(one: Fresh) -> bool:
    return one.path.suffix == ".jsonl" and one.start.offset_bytes == 0 and one.start.size_bytes > 0


def _in_place(one: Fresh) -> _Piece | None:
    """None when its last line is not whole, or it has just gone."""
    try:
        end = position_at_end(one.path, one.start)
    except OSError:
        return None
    arrival = Arrival(name=one.path.name, path=one.path, in_place=True)
    return _Piece(arrival=arrival, end=end, anew=one.anew) if end else None


def _reject_moved(batch: Sequence[_Piece]) -> None:
    """Raises Moved, or OSError when one has gone."""
    for piece in batch:
        if piece.arrival.in_place and not unchanged(piece.arrival.path, piece.end):
            raise Moved(piece.arrival.name)


def _batches(pieces: Iterator[_Piece]) -> Iterator[list[_Piece]]:
    """Small files together, a large one piece by piece: about `BATCH_BYTES` at a time."""
    batch: list[_Piece] = []
    size_bytes = 0
    for piece in pieces:
        batch.append(piece)
        size_bytes += piece.arrival.path.stat().st_size
        if len(batch) >= FILES_AT_ONCE or size_bytes >= BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch
