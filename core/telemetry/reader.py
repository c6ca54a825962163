"""Reads the telemetry of all processes, each byte once, and answers queries about it.

    with TelemetryReader(directory, cache_directory=directory / ".cache") as reader:
        reader.refresh()
        reader.query("SELECT outcome, count(*) AS hunts FROM hunts WHERE model = ? GROUP BY outcome", ["openai/gpt-5"])

Tables: hunts, calls, runs, sessions, reviews, later_verdicts, tasks, process. Their columns are `ts` (UTC, without a
time zone) and the fields of records.py. They match the files as of the last refresh: rows of a removed file are
removed. With a cache directory the tables survive the process, and the next one reads only new data.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb

from core.domain.value import Value
from core.telemetry.cache import CachePlace
from core.telemetry.file_names import day_of, telemetry_files
from core.telemetry.log_tables import Arrival, FileState, Loaded, LogTables, Moved, drop_unreadable_lines, shape
from core.telemetry.newest_files import new_bytes, newest_day, newest_first
from core.telemetry.tail import DamagedFile, Fresh, Position, new_lines, position_at_end, position_now, unchanged

if TYPE_CHECKING:  # the API has no pandas
    import pandas as pd

MIB = 1024 * 1024
MEMORY_MIB = 200
"""Memory limit while reading: with less, DuckDB slows down or fails. Otherwise it keeps a part of this."""
PIECE_BYTES = 16 * MIB
BATCH_BYTES = 64 * MIB
"""Bytes per load: large enough for DuckDB's parallel reading, small enough for memory."""
FILES_AT_ONCE = 200


class RefreshReport(Value):
    """The result of one refresh."""

    events: int = 0
    bad_lines: int = 0
    """Broken lines that were skipped."""
    unknown_lines: int = 0
    """Records of a type or schema from a newer version, also skipped."""
    files: int = 0
    """Number of telemetry files."""
    skipped_lines: int = 0
    """Broken and unknown lines in all of these files, including earlier refreshes."""
    skipped_incomplete: int = 0
    """Of these, records that lack required fields, because another version wrote them."""
    skipped_unknown: int = 0
    """Of these, records of a newer version."""
    unreadable: tuple[str, ...] = ()
    """Names of files that could not be opened or decompressed; tried again at the next refresh."""
    waiting_bytes: int = 0
    """Approximate size of the part of the log that is left for the next refresh."""
    complete_after: date | None = None
    """The newest day that is not fully read; all later days are complete. None: everything is read."""


class _Piece(Value):
    """New complete lines of a file, the offset of their end, and the number of unreadable lines."""

    arrival: Arrival
    end: Position
    from_start: bool
    unreadable_lines: int = 0


class TelemetryReader:
    """Owned by its creator; `close` releases memory, lock and scratch folder. Thread-safe."""

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
        """Compressed files that cannot be decompressed, with their modification time: not tried again until it
        changes."""
        self._refreshing = threading.Lock()
        self._changes = 0

    def refresh(self, max_bytes: int | None = None) -> RefreshReport:
        """Read new data. Concurrent calls wait for one another and read nothing twice.

        With `max_bytes`, reads about that much, newest days first; the report states what is left. Raises OSError if
        the folder exists and cannot be listed.
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
        """The result as a data frame. `params` are for `?` or `$name` in `sql`. Raises duckdb.Error for invalid SQL."""
        return self._tables.query(sql, params)

    def rows(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """As `query`, for small results without pandas."""
        return self._tables.rows(sql, params)

    @property
    def changes(self) -> tuple[int, int]:
        """Changes whenever the tables may give different results, and differs between readers."""
        return id(self), self._changes

    def files_with(self, condition: str, params: Mapping[str, Any]) -> list[Path]:
        """The log files with lines that match `condition`, oldest first (core.telemetry.find_records)."""
        sql = f"SELECT DISTINCT name FROM events JOIN segments USING (segment) WHERE {condition} ORDER BY name"  # noqa: S608
        return [self._directory / str(name) for name in self.query(sql, params)["name"]]

    def files_since(self, day: date | None) -> list[Path]:
        """The log files since that day (None: all), oldest first. Raises OSError like `refresh`."""
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
                    from_start = known is not None and start.offset_bytes < before.offset_bytes
                    yield Fresh(path=path, start=start, from_start=from_start)
            except FileNotFoundError:
                continue  # removed after the folder was listed: the next refresh drops its rows
            except OSError:
                unreadable.append(path.name)

    # ---------------------------------------------------------------- reading it

    def _read(self, fresh: Sequence[Fresh], growing: date | None, unreadable: list[str]) -> Iterator[Loaded]:
        """Files of past days are read in place, all at once; files that may be growing are copied first, up to their
        current size."""
        whole = [one for one in fresh if day_of(one.path.name) != growing and _reads_whole(one)]
        pieces = [piece for one in whole if (piece := _in_place(one)) is not None]
        there = {piece.arrival.name for piece in pieces}
        if pieces:
            try:
                yield self._load(pieces)
            except (Moved, duckdb.Error, OSError):
                there = set()  # one of them changed: read each file separately, in pieces
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
        from_start = one.from_start
        if from_start or one.start.size_bytes == one.start.offset_bytes:
            yield self._copied(one, b"", one.start, from_start)
            from_start = False
        for lines, position in new_lines(one.path, one.start, self._piece_bytes):
            yield self._copied(one, lines, position, from_start)

    def _copied(self, one: Fresh, lines: bytes, position: Position, from_start: bool) -> _Piece:
        path = self._place.scratch / f"{one.path.name}-{position.offset_bytes}.jsonl"
        path.write_bytes(lines)
        return _Piece(arrival=Arrival(name=one.path.name, path=path), end=position, from_start=from_start)

    def _load_copied(self, batch: Sequence[_Piece]) -> Loaded:
        try:
            return self._load(batch)
        except duckdb.Error:
            # Rare: bytes that DuckDB cannot skip even with `ignore_errors`, such as a line of many megabytes.
            mended = [p.model_copy(update={"unreadable_lines": drop_unreadable_lines(p.arrival.path)}) for p in batch]
            return self._load(mended)
        finally:
            for piece in batch:
                piece.arrival.path.unlink(missing_ok=True)

    def _load(self, batch: Sequence[_Piece]) -> Loaded:
        """Stores lines in the tables before their files count as read."""
        void = sorted({piece.arrival.name for piece in batch if piece.from_start})
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
    """None if its last line is incomplete or the file was just removed."""
    try:
        end = position_at_end(one.path, one.start)
    except OSError:
        return None
    arrival = Arrival(name=one.path.name, path=one.path, in_place=True)
    return _Piece(arrival=arrival, end=end, from_start=one.from_start) if end else None


def _reject_moved(batch: Sequence[_Piece]) -> None:
    """Raises Moved, or OSError if one was removed."""
    for piece in batch:
        if piece.arrival.in_place and not unchanged(piece.arrival.path, piece.end):
            raise Moved(piece.arrival.name)


def _batches(pieces: Iterator[_Piece]) -> Iterator[list[_Piece]]:
    """Small files together, a large one in pieces: about `BATCH_BYTES` at a time."""
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
