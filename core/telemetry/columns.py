"""The log as one table with one row per line: the columns of all record types, generated from records.py.

Each record type is a view on it (hunts, calls, …), so a line is read, stored and removed in one step. A new field of a
record becomes a column at the next start; older logs have NULL there. Each column costs time when reading, so fields
that no query uses stay in the log (LEFT_OUT), where find_records.py finds them.
"""

from __future__ import annotations

from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from core.domain.value import Value
from core.telemetry.records import (
    SCHEMA,
    TYPES,
    CallRecord,
    HuntRecord,
    ProcessRecord,
    ReviewRecord,
    RunRecord,
    SessionRecord,
    TaskRecord,
    VerdictRecord,
)

EVENTS = "events"
BROKEN, UNKNOWN, REPEATED, INCOMPLETE = 0, -1, -2, -3
"""Kinds of lines that no view shows: not a record; from a newer version; repeating an earlier record; lacking required
fields, because another version wrote it."""
SAME: dict[type, tuple[str, ...]] = {
    HuntRecord: ("session", "hunt_id", "round"),
    RunRecord: ("session", "run_id", "status"),
}
"""Fields that are equal in two records of the same thing: two processes that lost contact may both have written it."""
VIEWS: dict[type, str] = {
    HuntRecord: "hunts",
    CallRecord: "calls",
    RunRecord: "runs",
    SessionRecord: "sessions",
    ReviewRecord: "reviews",
    VerdictRecord: "later_verdicts",
    TaskRecord: "tasks",
    ProcessRecord: "process",
}
LEFT_OUT: dict[type, frozenset[str]] = {
    HuntRecord: frozenset(
        {
            "task_id",
            "passed",
            "input_tokens",
            "output_tokens",
            "first_token_ms",
            "duration_ms",
            "reply",
            "reply_chars",
            "target",
            "parameters",
            "system_fingerprint",
        }
    ),
    CallRecord: frozenset({"status"}),
    RunRecord: frozenset(
        {
            "models",
            "hunts",
            "broke",
            "held",
            "undetermined",
            "cancelled",
            "error",
            "duration_s",
            "reason",
            "cost_usd",
            "labels",
        }
    ),
    SessionRecord: frozenset({"detail", "criteria"}),
    TaskRecord: frozenset({"content"}),
}
"""Shown only with all data of one hunt or session; replies are also searched (search_replies.py)."""
SQL_TYPES: dict[Any, str] = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN"}


class Column(Value):
    name: str
    sql_type: str
    required: bool
    """A line without this field is broken."""

    @property
    def stored_type(self) -> str:
        """Maps and lists stay JSON text (queried as `<name>_json`), because parsing them takes time."""
        return "JSON" if self.sql_type.startswith("MAP") or self.sql_type.endswith("[]") else self.sql_type


class Table(Value):
    """One record type and its view."""

    name: str
    record_type: str
    """As in the envelope's `type`."""
    kind: int
    """The number of the record type in the table."""
    columns: tuple[Column, ...]


def tables() -> tuple[Table, ...]:
    return tuple(
        Table(name=name, record_type=TYPES[record], kind=place, columns=columns_of(record))
        for place, (record, name) in enumerate(VIEWS.items(), start=1)
    )


def columns_of(record: type) -> tuple[Column, ...]:
    """The columns of one record type in the order of its fields, without LEFT_OUT."""
    return tuple(
        Column(name=name, sql_type=sql_type(field.annotation), required=field.is_required())
        for name, field in record.model_fields.items()  # type: ignore[attr-defined]  # every record is a Value
        if name not in LEFT_OUT.get(record, ())
    )


def sql_type(annotation: Any) -> str:
    """DuckDB's type for a field's annotation. Raises TypeError for annotations that no record has used yet."""
    if annotation in SQL_TYPES:
        return SQL_TYPES[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "VARCHAR"
    if origin in (Union, UnionType):
        (only,) = (part for part in inner if part is not type(None))
        return sql_type(only)
    if origin is dict:
        return f"MAP({sql_type(inner[0])}, {sql_type(inner[1])})"
    if origin is tuple:
        return f"{sql_type(inner[0])}[]"
    raise TypeError(f"{annotation!r} has no column type: add it to core/telemetry/columns.py.")


def stored_columns(every: tuple[Table, ...]) -> dict[str, str]:
    """Name and type of every field of any record. Fields that differ in type between records are stored as text."""
    types: dict[str, str] = {}
    for table in every:
        for column in table.columns:
            if types.setdefault(column.name, column.stored_type) != column.stored_type:
                types[column.name] = "VARCHAR"
    return types


def create_events(every: tuple[Table, ...]) -> str:
    columns = ", ".join(f'"{name}" {kind}' for name, kind in stored_columns(every).items())
    return f"CREATE TABLE {EVENTS} (segment INTEGER, kind TINYINT, ts TIMESTAMP, {columns})"


def create_view(table: Table, stored: dict[str, str]) -> str:
    columns = ", ".join(_asked(column, stored[column.name]) for column in table.columns)
    columns += "".join(f', "{c.name}" AS {c.name}_json' for c in table.columns if stored[c.name] == "JSON")
    return f"CREATE VIEW {table.name} AS SELECT ts, segment, {columns} FROM {EVENTS} WHERE kind = {table.kind}"  # noqa: S608


def insert_lines(every: tuple[Table, ...], options: str) -> str:
    """SQL that reads the files `$paths` into the table, one segment per file, numbered from `$first`."""
    stored = stored_columns(every)
    fields = ", ".join(f'"{name}" {kind}' for name, kind in stored.items())
    values = ", ".join(f'data."{name}"' for name in stored)
    return f"""
        INSERT INTO {EVENTS}
        SELECT ($first + file_index)::INTEGER, {_kind(every, stored)}, ts, {values}
        FROM read_ndjson($paths, ignore_errors = true, {options},
             columns = {{ts: 'TIMESTAMP', type: 'VARCHAR', schema: 'INTEGER', data: 'STRUCT({fields})'}})"""  # noqa: S608


def mark_repeats(table: Table, record: type) -> str:
    """SQL that marks all but one record of each thing in the lines from segment `$first` on: the one with the most
    second opinions is kept, then the one under the latest claim (the session has its result), else the first."""
    order = "PARTITION BY {same} ORDER BY coalesce(opinion_steps, 0) DESC, coalesce(claim, 0) DESC, ts, rowid"
    same = f"hash({', '.join(f'coalesce({name}::VARCHAR, {chr(39)}0{chr(39)})' for name in SAME[record])})"
    return f"""
        UPDATE {EVENTS} SET kind = {REPEATED} WHERE rowid IN (
            SELECT rowid FROM (
                SELECT rowid, row_number() OVER ({order.format(same=same)}) AS place
                FROM {EVENTS} WHERE kind = {table.kind} AND {same} IN (
                    SELECT same FROM (
                        SELECT {same} AS same, segment FROM {EVENTS} WHERE kind = {table.kind} AND {same} IN (
                            SELECT {same} FROM {EVENTS} WHERE kind = {table.kind} AND segment >= $first))
                    GROUP BY same HAVING count(*) > 1))
            WHERE place > 1)"""  # noqa: S608


def unmark_repeats(table: Table, record: type) -> str:
    """SQL that undoes `mark_repeats` for all lines."""
    whole = " AND ".join(f"{name} IS NOT NULL" for name in SAME[record] if name != "round")
    return f"UPDATE {EVENTS} SET kind = {table.kind} WHERE kind = {REPEATED} AND {whole}"  # noqa: S608


def _asked(column: Column, stored: str) -> str:
    plain = f'"{column.name}"'
    return plain if stored == column.sql_type else f"TRY_CAST({plain} AS {column.sql_type}) AS {plain}"


def _kind(every: tuple[Table, ...], stored: dict[str, str]) -> str:
    cases = " ".join(_case(table, stored) for table in every)
    return f"""CASE WHEN ts IS NULL OR type IS NULL OR schema IS NULL THEN {BROKEN}
        WHEN schema < {SCHEMA} THEN {INCOMPLETE} WHEN schema > {SCHEMA} THEN {UNKNOWN}
        ELSE CASE type {cases} ELSE {UNKNOWN} END END::TINYINT"""


def _case(table: Table, stored: dict[str, str]) -> str:
    return (
        f"WHEN '{table.record_type}' THEN CASE WHEN {_complete(table, stored)} THEN {table.kind} ELSE {INCOMPLETE} END"
    )


def _complete(table: Table, stored: dict[str, str]) -> str:
    checks = (
        f'data."{c.name}"' if stored[c.name] in (c.sql_type, "JSON") else f'TRY_CAST(data."{c.name}" AS {c.sql_type})'
        for c in table.columns
        if c.required
    )
    return " AND ".join(f"{check} IS NOT NULL" for check in checks)
