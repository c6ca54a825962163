"""The telemetry log in DuckDB: loads files and pieces of files, and answers queries on the views of columns.py.

DuckDB parses the lines itself, in one pass on all cores. The rows and the offset of each file are written to the
database in one transaction, so the next start continues where the last one ended.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import structlog

from core.domain.value import Value
from core.telemetry.cache import CachePlace
from core.telemetry.columns import (
    BROKEN,
    EVENTS,
    INCOMPLETE,
    SAME,
    UNKNOWN,
    VIEWS,
    Table,
    create_events,
    create_view,
    insert_lines,
    mark_repeats,
    stored_columns,
    tables,
    unmark_repeats,
)
from core.telemetry.tail import Position

if TYPE_CHECKING:  # the API has no pandas
    import pandas as pd

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

MIB = 1024 * 1024
MAX_LINE_BYTES = MIB
"""A longer line counts as broken: texts in records are limited, and records stay below ten kilobytes."""
RESTING_SHARE = 0.6
"""Share of the memory limit that queries may use when nothing is being read."""
THREADS = 2
"""Each reading thread takes two buffers of 32 MB whatever the file's size, so more threads would need more memory."""


class Arrival(Value):
    """New complete lines of one log file: the whole file, or a piece copied to a file of our own."""

    name: str
    """The log file's name."""
    path: Path
    """The file that the lines are read from."""
    in_place: bool = False
    """Whether `path` is the log file itself, which may have changed while it was read."""


class FileState(Value):
    """How far a log file has been read."""

    position: Position
    skipped_lines: int = 0
    incomplete_lines: int = 0
    unknown_lines: int = 0
    """Of the skipped ones."""


class Loaded(Value):
    """The result of loading new lines."""

    events: int = 0
    bad_lines: int = 0
    """Not a record, or lacking required fields."""
    incomplete_lines: int = 0
    """Of these, the records that lack fields, as other versions wrote them."""
    unknown_lines: int = 0
    """Complete records of a type or schema that this version does not know."""


class Moved(Exception):
    """A file changed while it was read in place; none of its lines were stored."""


def shape() -> str:
    """Identifies the table layout, the interpretation of lines, and what is known of files."""
    repeats = (mark_repeats(table, record) for table, record in _repeatable())
    return "\n".join([duckdb.__version__, _insert(), *_creation(), *repeats, *Position.model_fields])


class LogTables:
    """Owns the database. One thread loads; any thread may query. Raises duckdb.Error if it cannot be opened."""

    def __init__(self, place: CachePlace, max_memory_mib: int) -> None:
        self._place = place
        self._max_memory_mib = max_memory_mib
        self._resting_mib = int(max_memory_mib * RESTING_SHARE)
        self._insert = _insert()
        try:
            self._database = self._open()
        except duckdb.Error as error:
            log.warning(
                "telemetry.cache_unusable", database=str(place.database), error=str(error), instead="read again"
            )
            place.remove_database()
            self._database = self._open()

    def close(self) -> None:
        self._database.close()

    def states(self) -> dict[str, FileState]:
        """All files in the tables."""
        rows = self._database.execute("SELECT name, state FROM files").fetchall()
        return {name: FileState.model_validate_json(state) for name, state in rows}

    def query(self, sql: str, params: Sequence[Any] | Mapping[str, Any]) -> pd.DataFrame:
        """The result of one query. Raises duckdb.Error if the query is invalid.

        A query that needs more memory than queries may normally use is repeated with the full limit.
        """
        return self._executed(sql, params, lambda result: result.df())

    def rows(self, sql: str, params: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """As `query`, for small results without pandas."""
        return self._executed(sql, params, lambda result: result.fetchall())

    def load(
        self,
        arrivals: Sequence[Arrival],
        states: Callable[[Mapping[str, Loaded]], Mapping[str, FileState]],
        *,
        void: Sequence[str] = (),
    ) -> dict[str, Loaded]:
        """Store the lines in the tables and the states of their files, in one transaction: all or, on error, nothing.

        Rows of the files in `void` are removed in the same transaction, so that nobody sees a file twice or in part.
        `states` returns the new states from the result of each file, and may raise Moved.
        """
        self._set_memory_limit(self._max_memory_mib)
        self._database.execute("BEGIN")
        try:
            self._delete(void)
            loaded = self._read(arrivals) if arrivals else {}
            self._store_states(states(loaded))
            self._database.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise
        finally:
            self._set_memory_limit(self._resting_mib)
        return loaded

    def _open(self) -> duckdb.DuckDBPyConnection:
        database = duckdb.connect(
            self._place.database,
            config={
                "threads": THREADS,
                "memory_limit": f"{self._resting_mib}MiB",
                "temp_directory": str(self._place.scratch / "spill"),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
            },
        )
        try:
            if not database.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'files'").fetchall():
                _create(database)
        except BaseException:
            database.close()
            raise
        return database

    def _executed(
        self,
        sql: str,
        params: Sequence[Any] | Mapping[str, Any],
        fetch: Callable[[duckdb.DuckDBPyConnection], Result],
    ) -> Result:
        with self._database.cursor() as cursor:
            try:
                return fetch(cursor.execute(sql, params))
            except duckdb.OutOfMemoryException:
                self._set_memory_limit(self._max_memory_mib)
                return fetch(cursor.execute(sql, params))

    def _rollback(self) -> None:
        """A failed COMMIT has already ended the transaction."""
        with suppress(duckdb.TransactionException):
            self._database.execute("ROLLBACK")

    def _set_memory_limit(self, memory_mib: int) -> None:
        try:
            self._database.cursor().execute(f"SET GLOBAL memory_limit = '{memory_mib}MiB'")
        except duckdb.OutOfMemoryException:
            # A running query uses more at the moment; the next refresh tries again.
            log.debug("telemetry.memory_still_used", wanted_mib=memory_mib)

    def _delete(self, names: Sequence[str]) -> None:
        if names:
            where = "WHERE list_contains($names, name)"
            of_files = f"segment IN (SELECT segment FROM segments {where})"  # noqa: S608 - own words
            for sql in (
                f"DELETE FROM {EVENTS} WHERE {of_files}",  # noqa: S608
                f"DELETE FROM segments {where}",  # noqa: S608
                f"DELETE FROM files {where}",  # noqa: S608
            ):
                self._database.execute(sql, {"names": list(names)})
            for table, record in _repeatable():  # the record that was kept may have been removed
                self._database.execute(unmark_repeats(table, record))
                self._database.execute(mark_repeats(table, record), {"first": 0})

    def _read(self, arrivals: Sequence[Arrival]) -> dict[str, Loaded]:
        first = self._one("SELECT coalesce(max(segment) + 1, 0) FROM segments")
        segments = {"names": [arrival.name for arrival in arrivals], "first": first}
        self._database.execute(
            "INSERT INTO segments SELECT $first + generate_subscripts($names, 1) - 1, unnest($names)", segments
        )
        paths = [str(arrival.path) for arrival in arrivals]
        self._database.execute(self._insert, {"paths": paths, "first": first})
        counts = self._database.execute(
            f"""SELECT name, count(*) FILTER (kind > 0), count(*) FILTER (kind IN ({BROKEN}, {INCOMPLETE})),
                count(*) FILTER (kind = {INCOMPLETE}), count(*) FILTER (kind = {UNKNOWN})
                FROM {EVENTS} JOIN segments USING (segment) WHERE segment >= ? GROUP BY name""",  # noqa: S608
            [first],
        ).fetchall()
        for table, record in _repeatable():
            self._database.execute(mark_repeats(table, record), {"first": first})
        fields = ("events", "bad_lines", "incomplete_lines", "unknown_lines")
        return {name: Loaded(**dict(zip(fields, numbers, strict=True))) for name, *numbers in counts}

    def _store_states(self, states: Mapping[str, FileState]) -> None:
        rows = [(name, state.model_dump_json()) for name, state in states.items()]
        if rows:
            self._database.executemany("INSERT OR REPLACE INTO files VALUES (?, ?)", rows)

    def _one(self, sql: str) -> int:
        (row,) = self._database.execute(sql).fetchall()
        return int(row[0])


def _repeatable() -> list[tuple[Table, type]]:
    """The tables whose records may be repeated."""
    by_name = {table.name: table for table in tables()}
    return [(by_name[VIEWS[record]], record) for record in SAME]


def _insert() -> str:
    return insert_lines(tables(), f"maximum_object_size = {2 * MAX_LINE_BYTES}")


def _creation() -> list[str]:
    every = tables()
    return [
        create_events(every),
        *(create_view(table, stored_columns(every)) for table in every),
        "CREATE TABLE segments (segment INTEGER, name VARCHAR)",
        "CREATE TABLE files (name VARCHAR PRIMARY KEY, state VARCHAR)",
    ]


def _create(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("BEGIN")
    for sql in _creation():
        database.execute(sql)
    database.execute("COMMIT")


def drop_unreadable_lines(path: Path) -> int:
    """Keep only lines of the file that are JSON and not too long; returns the number of removed lines."""
    lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
    readable = [line for line in lines if _is_readable(line)]
    path.write_bytes(b"".join(line + b"\n" for line in readable))
    return len(lines) - len(readable)


def _is_readable(line: bytes) -> bool:
    if len(line) > MAX_LINE_BYTES:
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
