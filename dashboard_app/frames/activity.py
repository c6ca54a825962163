"""Hunts by time and trainer."""

from __future__ import annotations

import pandas as pd

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import HUNTS, Choice
from dashboard_app.frames.queries import in_utc, run_query

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def by_hour(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """weekday, hour (UTC), hunts: one row for each of the 168 hours."""
    sql = f"""SELECT isodow(ts) - 1 AS day, hour(ts) AS hour, count(*) AS hunts FROM hunts
              WHERE {HUNTS} GROUP BY ALL"""  # noqa: S608
    found = {(int(day), int(hour)): int(n) for day, hour, n in run_query(reader, choice, sql).itertuples(index=False)}
    return pd.DataFrame(
        [(WEEKDAYS[day], hour, found.get((day, hour), 0)) for day in range(7) for hour in range(24)],
        columns=["weekday", "hour", "hunts"],
    )


def trainers(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """trainer, sessions, hunts, breaks, last (UTC), for sessions with a trainer's name."""
    sql = f"""SELECT trainer, count(DISTINCT session) AS sessions, count(*) AS hunts,
              count(*) FILTER (outcome = 'broke') AS breaks, max(ts) AS last FROM hunts
              WHERE {HUNTS} AND coalesce(trainer, '') <> '' GROUP BY 1 ORDER BY hunts DESC, 1"""  # noqa: S608
    return in_utc(run_query(reader, choice, sql), "last")
