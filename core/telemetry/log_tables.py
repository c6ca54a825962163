"""The telemetry log inside DuckDB: whole files and pieces of files go in, the views of columns.py can be asked.

DuckDB reads the lines itself, in one pass and on every core. What it has read, and how far, is written in one step
into one file, so that the next start goes on where the last one ended.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
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

log = structlog.get_logger(__name__)

MIB = 1024 * 1024
MAX_LINE_BYTES = MIB
"""A longer line is broken: a record has bounded texts and stays under ten kilobytes."""
RESTING_SHARE = 0.6
"""Of the memory that reading may take, what questions may keep."""
THREADS = 2
"""Each one that reads takes two buffers of 32 MB, whatever the file's size: more threads would need more memory."""


class Arrival(Value):
    """Whole lines of one log file that are new: all of it, or a piece in a file of our own."""

    name: str
    """The log file's name."""
    path: Path
    """Where the lines are read from."""
    in_place: bool = False
    """`path` is the log file itself: it may have changed while it was read."""


class FileState(Value):
    """How far a log file has been read."""

    position: Position
    skipped_lines: int = 0
    incomplete_lines: int = 0
    unknown_lines: int = 0
    """Of those skipped."""


class Loaded(Value):
    """What came of new lines."""

    events: int = 0
    bad_lines: int = 0
    """Not a record at all, or without what its type requires."""
    incomplete_lines: int = 0
    """Of those the records that lack something, as other versions wrote them."""
    unknown_lines: int = 0
    """Whole records of a type or schema that this version does not know."""


class Moved(Exception):
    """A file changed while it was read in place; nothing of it was kept."""


def shape() -> str:
    """Changes with every change of the tables or of how lines are understood."""
    repeats = (mark_repeats(table, record) for table, record in _repeatable())
    return "\n".join([duckdb.__version__, _insert(), *_creation(), *repeats])


class LogTables:
    """Owns the database; one thread loads, any thread may ask. Raises duckdb.Error when it cannot be opened at all."""

    def __init__(self, place: CachePlace, max_memory_mib: int) -> None:
        self._place = place
        self._max_memory_mib = max_memory_mib
        self._resting_mib = int(max_memory_mib * RESTING_SHARE)
        self._insert = _insert()
        try:
            self._database = self._open()
        except duckdb.Error as error:
            log.warning("telemetry.cache_unusable", database=str(place.database), error=str(error), instead="read anew")
            place.remove_database()
            self._database = self._open()

    def close(self) -> None:
        self._database.close()

    def states(self) -> dict[str, FileState]:
        """Every file in the tables."""
        rows = self._database.execute("SELECT name, state FROM files").fetchall()
        return {name: FileState.model_validate_json(state) for name, state in rows}

    def query(self, sql: str, params: Sequence[Any] | Mapping[str, Any]) -> pd.DataFrame:
        """The answer to one question. Raises duckdb.Error for a question that makes no sense.

        A question that needs more memory than they may keep at rest is asked again with all that there may be.
        """
        with self._database.cursor() as cursor:
            try:
                return cursor.execute(sql, params).df()
            except duckdb.OutOfMemoryException:
                self._set_memory_limit(self._max_memory_mib)
                return cursor.execute(sql, params).df()

    def load(
        self,
        arrivals: Sequence[Arrival],
        states: Callable[[Mapping[str, Loaded]], Mapping[str, FileState]],
        *,
        void: Sequence[str] = (),
    ) -> dict[str, Loaded]:
        """Puts the lines into the tables and the files' states beside them: all of it or, on error, nothing.

        Rows of the files in `void` go in the same moment, so that nobody ever sees a file twice or half. `states`
        makes the new states from what came of each file, and may raise Moved.
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

    def _rollback(self) -> None:
        """A COMMIT that failed has ended the transaction already."""
        with suppress(duckdb.TransactionException):
            self._database.execute("ROLLBACK")

    def _set_memory_limit(self, memory_mib: int) -> None:
        try:
            self._database.cursor().execute(f"SET GLOBAL memory_limit = '{memory_mib}MiB'")
        except duckdb.OutOfMemoryException:
            # Somebody's question holds more at this moment; the next refresh asks again.
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
            for table, record in _repeatable():  # the first record of something may have gone
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
    """The tables whose records may have been written twice."""
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
    """Leaves only the lines in the file that are JSON and of bearable length; returns how many others there were."""
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
