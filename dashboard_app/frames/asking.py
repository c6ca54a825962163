"""How frames ask the log: one question in SQL, with what the viewer chose as its parameters, never as its text."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pandas as pd

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import Choice
from dashboard_app.rates import Rate


def ask(reader: TelemetryReader, choice: Choice, sql: str, **params: Any) -> pd.DataFrame:
    """The answer; only the parameters that `sql` names are handed over."""
    every = {**choice.params, **params}
    return reader.query(sql, {name: value for name, value in every.items() if f"${name}" in sql})


def count_alike(condition: str) -> str:
    """SQL for a count over rows that each stand for so many alike as their column `hunts` says."""
    return f"coalesce(sum(hunts) FILTER ({condition}), 0)::BIGINT"


def in_utc(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The log's times are UTC without saying so; here they say so."""
    return frame.assign(**{column: pd.to_datetime(frame[column]).dt.tz_localize(UTC) for column in columns})


def number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def with_rates(counts: pd.DataFrame, hits: str = "broke", of: str = "decided") -> pd.DataFrame:
    """`counts` with share, low and high (Wilson, 95 %); highest share first."""
    rates = [Rate(int(n), int(total)) for n, total in zip(counts[hits], counts[of], strict=True)]
    counts["share"] = [float(rate.share or 0) for rate in rates]
    counts["low"] = [float((rate.interval or (0, 1))[0]) for rate in rates]
    counts["high"] = [float((rate.interval or (0, 1))[1]) for rate in rates]
    return counts.sort_values(["share", of], ascending=[False, False], ignore_index=True, kind="stable")
