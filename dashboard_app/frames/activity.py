"""When the team hunts, and who."""

from __future__ import annotations

import pandas as pd

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import HUNTS, Choice
from dashboard_app.frames.asking import ask, in_utc

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def by_hour(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """weekday, hour (UTC), hunts: all 168 of them, empty ones too."""
    sql = f"""SELECT isodow(ts) - 1 AS day, hour(ts) AS hour, count(*) AS hunts FROM hunts
              WHERE {HUNTS} GROUP BY ALL"""  # noqa: S608
    found = {(int(day), int(hour)): int(n) for day, hour, n in ask(reader, choice, sql).itertuples(index=False)}
    return pd.DataFrame(
        [(WEEKDAYS[day], hour, found.get((day, hour), 0)) for day in range(7) for hour in range(24)],
        columns=["weekday", "hour", "hunts"],
    )


def trainers(reader: TelemetryReader, choice: Choice) -> pd.DataFrame:
    """trainer, sessions, hunts, breaks, last (UTC): of sessions that carry a name."""
    sql = f"""SELECT trainer, count(DISTINCT session) AS sessions, count(*) AS hunts,
              count(*) FILTER (outcome = 'broke') AS breaks, max(ts) AS last FROM hunts
              WHERE {HUNTS} AND coalesce(trainer, '') <> '' GROUP BY 1 ORDER BY hunts DESC, 1"""  # noqa: S608
    return in_utc(ask(reader, choice, sql), "last")
