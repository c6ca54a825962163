"""The telemetry log inside DuckDB: lines go in, the tables of columns.py can be asked.

DuckDB reads the lines itself, in one pass and on every core; Python only hands it the bytes that are new.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pandas as pd

from core.domain.value import Value
from core.telemetry.columns import Table, data_type, tables
from core.telemetry.records import SCHEMA

LINE_MOST_BYTES = 1024 * 1024
"""A longer line is broken: a record has bounded texts and stays under ten kilobytes."""

_READ = f"""
    CREATE OR REPLACE TEMP TABLE fresh AS
    SELECT parse_filename(filename, true)::INTEGER AS file, ts, type, schema, data
    FROM read_ndjson($paths, filename = true, ignore_errors = true, maximum_object_size = {2 * LINE_MOST_BYTES},
         columns = {{ts: 'TIMESTAMP', type: 'VARCHAR', schema: 'INTEGER', data: '$DATA'}})
"""  # noqa: S608 - own words


class Loaded(Value):
    """What came of one file's new lines."""

    events: int = 0
    bad_lines: int = 0
    """Not JSON, or without what its type requires."""
    unknown_lines: int = 0
    """Whole records of a type or schema that this version does not know."""


class LogTables:
    """Owns the database and a temporary folder; `close` removes both. One thread loads, any thread may ask."""

    def __init__(self, memory_most_mib: int) -> None:
        self._folder = TemporaryDirectory(prefix="telemetry-reader-")
        self._database = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{memory_most_mib}MiB",
                "temp_directory": str(Path(self._folder.name) / "spill"),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
            },
        )
        self._database.execute("ATTACH ':memory:' AS log (COMPRESS)")
        self._database.execute("USE log")
        self._tables = tables()
        self._read = _READ.replace("$DATA", data_type(self._tables))
        for table in self._tables:
            self._database.execute(_create(table))

    def close(self) -> None:
        self._database.close()
        self._folder.cleanup()

    def query(self, sql: str, params: Sequence[Any] | Mapping[str, Any]) -> pd.DataFrame:
        """The answer to one question. Raises duckdb.Error for a question that makes no sense."""
        with self._database.cursor() as cursor:
            cursor.execute("USE log")
            return cursor.execute(sql, params).df()

    def load(self, pieces: Sequence[tuple[int, bytes]], *, void: Sequence[int] = ()) -> dict[int, Loaded]:
        """Puts whole lines, each piece with the number of its file, into the tables: all of them or, on error, none.

        Rows of the files in `void` go in the same moment, so that nobody ever sees a file twice or half.
        """
        paths = [self._write(place, number, piece) for place, (number, piece) in enumerate(pieces)]
        try:
            return self._load(paths, void)
        except duckdb.Error:
            # Rare: bytes that even `ignore_errors` does not get over, such as a line of many megabytes.
            dropped = {number: 0 for number, _ in pieces}
            for path, (number, piece) in zip(paths, pieces, strict=True):
                dropped[number] += _keep_readable(path, piece)
            loaded = self._load(paths, void)
            return {n: _with_bad_lines(loaded.get(n, Loaded()), dropped[n]) for n in dropped}
        finally:
            for path in paths:
                path.unlink(missing_ok=True)

    def _write(self, place: int, number: int, piece: bytes) -> Path:
        folder = Path(self._folder.name) / str(place)
        folder.mkdir(exist_ok=True)
        path = folder / f"{number}.jsonl"
        path.write_bytes(piece)
        return path

    def _load(self, paths: Sequence[Path], void: Sequence[int]) -> dict[int, Loaded]:
        self._database.execute("BEGIN")
        try:
            for table in self._tables if void else ():
                self._database.execute(_delete(table), [list(void)])
            counts = self._insert([str(path) for path in paths]) if paths else {}
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
        return counts

    def _insert(self, paths: list[str]) -> dict[int, Loaded]:
        self._database.execute(self._read, {"paths": paths})
        for table in self._tables:
            self._database.execute(_insert(table))
        counts = self._database.execute(_count(self._tables)).fetchall()
        self._database.execute("DROP TABLE fresh")
        return {n: Loaded(events=events, bad_lines=bad, unknown_lines=unknown) for n, events, bad, unknown in counts}


def _create(table: Table) -> str:
    columns = ", ".join(f'"{column.name}" {column.sql_type}' for column in table.columns)
    return f"CREATE TABLE {table.name} (file INTEGER, ts TIMESTAMP, {columns})"


def _value(name: str, kind: str) -> str:
    return f'TRY_CAST(data."{name}" AS {kind})'


def _whole(table: Table) -> str:
    required = " AND ".join(f"{_value(c.name, c.sql_type)} IS NOT NULL" for c in table.columns if c.required)
    return f"(type = '{table.record_type}' AND {required})"


def _delete(table: Table) -> str:
    return f"DELETE FROM {table.name} WHERE list_contains(?, file)"  # noqa: S608 - own words


def _insert(table: Table) -> str:
    values = ", ".join(_value(column.name, column.sql_type) for column in table.columns)
    where = f"schema = {SCHEMA} AND ts IS NOT NULL AND {_whole(table)}"
    return f"INSERT INTO {table.name} SELECT file, ts, {values} FROM fresh WHERE {where}"  # noqa: S608 - own words


def _count(every: Sequence[Table]) -> str:
    """file, events, bad lines, unknown lines of what was just read."""
    types = ", ".join(f"'{table.record_type}'" for table in every)
    known = f"schema = {SCHEMA} AND type IN ({types})"
    whole = " OR ".join(_whole(table) for table in every)
    return f"""
        WITH judged AS (
            SELECT file, ts IS NOT NULL AND schema IS NOT NULL AND type IS NOT NULL AS enveloped,
                   coalesce({known}, false) AS known, coalesce({whole}, false) AS whole
            FROM fresh)
        SELECT file, count(*) FILTER (enveloped AND known AND whole),
               count(*) FILTER (NOT enveloped OR (known AND NOT whole)),
               count(*) FILTER (enveloped AND NOT known)
        FROM judged GROUP BY file"""  # noqa: S608 - own words


def _keep_readable(path: Path, piece: bytes) -> int:
    """Writes only the lines that are JSON and of bearable length, and returns how many were left out."""
    lines = [line for line in piece.split(b"\n") if line.strip()]
    readable = [line for line in lines if _is_readable(line)]
    path.write_bytes(b"".join(line + b"\n" for line in readable))
    return len(lines) - len(readable)


def _is_readable(line: bytes) -> bool:
    if len(line) > LINE_MOST_BYTES:
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _with_bad_lines(loaded: Loaded, more: int) -> Loaded:
    return loaded.model_copy(update={"bad_lines": loaded.bad_lines + more})
