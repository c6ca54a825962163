"""The columns of the log's table follow from the records."""

from typing import Any, Literal

import pytest

from core.telemetry.columns import (
    EVENTS,
    LEFT_OUT,
    Column,
    Table,
    columns_of,
    create_events,
    create_view,
    sql_type,
    stored_columns,
    tables,
)  # fmt: skip
from core.telemetry.records import TYPES, HuntRecord


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, "VARCHAR"), (int, "BIGINT"), (float | None, "DOUBLE"), (Literal["a", "b"], "VARCHAR"), (bool, "BOOLEAN"),
        (dict[str, int], "MAP(VARCHAR, BIGINT)"), (tuple[str, ...], "VARCHAR[]"),
    ],
)  # fmt: skip
def test_a_fields_type_is_a_columns(annotation, kind):
    assert sql_type(annotation) == kind


def test_a_type_that_no_column_has_is_refused():
    with pytest.raises(TypeError, match="add it to"):
        sql_type(list[Any])


def test_every_record_is_a_view_with_a_number_of_its_own():
    every = tables()
    assert {table.record_type for table in every} == set(TYPES.values())
    assert len({table.kind for table in every}) == len({table.name for table in every}) == len(every)
    assert min(table.kind for table in every) > 0


def test_fields_that_no_query_uses_are_left_out_and_exist():
    names = {column.name for column in columns_of(HuntRecord)}
    assert names == set(HuntRecord.model_fields) - LEFT_OUT[HuntRecord]
    for record, left_out in LEFT_OUT.items():
        assert left_out <= set(record.model_fields), record


def a_table(name, kind, *columns):
    return Table(
        name=name,
        record_type=name,
        kind=kind,
        columns=tuple(Column(name=n, sql_type=t, required=True) for n, t in columns),
    )


def test_a_field_that_differs_between_records_is_text_and_read_as_what_it_was():
    every = (a_table("a", 1, ("n", "BIGINT"), ("rows", "VARCHAR[]")), a_table("b", 2, ("n", "DOUBLE")))
    stored = stored_columns(every)
    assert stored == {"n": "VARCHAR", "rows": "JSON"}
    assert create_events(every).startswith(f"CREATE TABLE {EVENTS} (segment INTEGER, kind TINYINT, ts TIMESTAMP, ")
    assert create_view(every[0], stored) == (
        'CREATE VIEW a AS SELECT ts, segment, TRY_CAST("n" AS BIGINT) AS "n", TRY_CAST("rows" AS VARCHAR[]) AS "rows", '
        f'"rows" AS rows_json FROM {EVENTS} WHERE kind = 1'
    )
