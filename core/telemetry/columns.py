"""The records as tables: one table per type of record, one column per field, made from records.py and nothing else.

A field added to a record is a column of its table at the next start; logs from before hold NULL there.
"""

from __future__ import annotations

from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from core.domain.value import Value
from core.telemetry.records import (
    TYPES,
    CallRecord,
    HuntRecord,
    ProcessRecord,
    RunRecord,
    SessionRecord,
)

TABLES: dict[type, str] = {
    HuntRecord: "hunts",
    CallRecord: "calls",
    RunRecord: "runs",
    SessionRecord: "sessions",
    ProcessRecord: "process",
}
SQL_TYPES: dict[Any, str] = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN"}


class Column(Value):
    name: str
    sql_type: str
    required: bool
    """A line without it is broken."""


class Table(Value):
    name: str
    record_type: str
    """As in the envelope's `type`."""
    columns: tuple[Column, ...]


def tables() -> tuple[Table, ...]:
    return tuple(
        Table(name=name, record_type=TYPES[record], columns=columns_of(record)) for record, name in TABLES.items()
    )


def columns_of(record: type) -> tuple[Column, ...]:
    """The columns of one record type, in the order of its fields."""
    return tuple(
        Column(name=name, sql_type=sql_type(field.annotation), required=field.is_required())
        for name, field in record.model_fields.items()  # type: ignore[attr-defined]  # every record is a Value
    )


def sql_type(annotation: Any) -> str:
    """DuckDB's type for a field's annotation. Raises TypeError for one that no record has used so far."""
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
    raise TypeError(f"{annotation!r} has no column type yet: add it to core/telemetry/columns.py.")


def data_type(every: tuple[Table, ...]) -> str:
    """The STRUCT that any record's `data` can be read into in one pass. Fields that differ in type are read as text."""
    types: dict[str, str] = {}
    for table in every:
        for column in table.columns:
            if types.setdefault(column.name, column.sql_type) != column.sql_type:
                types[column.name] = "VARCHAR"
    fields = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    return f"STRUCT({fields})"
