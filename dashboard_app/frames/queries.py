"""SQL queries on the log. Filter values are always parameters, never part of the SQL text."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pandas as pd

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import Choice
from dashboard_app.rates import Rate


def run_query(reader: TelemetryReader, choice: Choice, sql: str, **params: Any) -> pd.DataFrame:
    """Run a query with the filters' parameters; parameters that `sql` does not use are dropped."""
    every = {**choice.params, **params}
    return reader.query(sql, {name: value for name, value in every.items() if f"${name}" in sql})


def sum_hunts(condition: str) -> str:
    """SQL for a count over grouped rows, weighted by their column `hunts`."""
    return f"coalesce(sum(hunts) FILTER ({condition}), 0)::BIGINT"


def in_utc(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Add the zone UTC to the log's naive times."""
    return frame.assign(**{column: pd.to_datetime(frame[column]).dt.tz_localize(UTC) for column in columns})


def number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def with_rates(counts: pd.DataFrame, hits: str = "broke", of: str = "decided") -> pd.DataFrame:
    """`counts` with share, low and high (Wilson, 95%); highest share first."""
    rates = [Rate(int(n), int(total)) for n, total in zip(counts[hits], counts[of], strict=True)]
    counts["share"] = [float(rate.share or 0) for rate in rates]
    counts["low"] = [float((rate.interval or (0, 1))[0]) for rate in rates]
    counts["high"] = [float((rate.interval or (0, 1))[1]) for rate in rates]
    return counts.sort_values(["share", of], ascending=[False, False], ignore_index=True, kind="stable")
