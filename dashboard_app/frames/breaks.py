"""Break rates by model, domain, taxonomy and number of criteria."""

from __future__ import annotations

import pandas as pd

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import HUNTS, Choice
from dashboard_app.frames.queries import run_query, with_rates

GROUPS = {
    "model": "model",
    "domain": "coalesce(nullif(domain, ''), 'not given')",
    "taxonomy": "coalesce(nullif(taxonomy, ''), 'not given')",
    "criteria": "CASE criteria WHEN 1 THEN '1 criterion' ELSE criteria || ' criteria' END",
}


def break_rates(reader: TelemetryReader, choice: Choice, group: str = "model") -> pd.DataFrame:
    """label, simulated, broke, decided, share, low, high; groups without decided hunts have no row."""
    sql = f"""SELECT {GROUPS[group]} AS label, bool_or(simulated) AS simulated,
              count(*) FILTER (outcome = 'broke') AS broke, count(*) AS decided, any_value(criteria) AS criteria
              FROM hunts WHERE {HUNTS} AND outcome IN ('broke', 'held') GROUP BY 1 ORDER BY 1"""  # noqa: S608
    rates = with_rates(run_query(reader, choice, sql))
    if group == "criteria":
        rates = rates.sort_values("criteria", ignore_index=True)
    return rates.drop(columns="criteria")
