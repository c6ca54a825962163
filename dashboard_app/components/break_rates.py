"""Break rates by model, domain, taxonomy and number of criteria, as a chart and a table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import HUNTS, Choice
from dashboard_app.components import columns
from dashboard_app.components.charts import rates
from dashboard_app.components.figures import figure, nothing
from dashboard_app.components.tables import table
from dashboard_app.palette import OUTCOMES
from dashboard_app.queries import run_query, with_rates
from dashboard_app.words import count, file_part

GROUPS = {
    "model": "model",
    "domain": "coalesce(nullif(domain, ''), 'not given')",
    "taxonomy": "coalesce(nullif(taxonomy, ''), 'not given')",
    "criteria": "CASE criteria WHEN 1 THEN '1 criterion' ELSE criteria || ' criteria' END",
}
MAX_ROWS = 15


def break_rates(reader: TelemetryReader, choice: Choice, group: str = "model") -> pd.DataFrame:
    """label, simulated, broke, decided, share, low, high; groups without decided hunts have no row."""
    sql = f"""SELECT {GROUPS[group]} AS label, bool_or(simulated) AS simulated,
              count(*) FILTER (outcome = 'broke') AS broke, count(*) AS decided, any_value(criteria) AS criteria
              FROM hunts WHERE {HUNTS} AND outcome IN ('broke', 'held') GROUP BY 1 ORDER BY 1"""  # noqa: S608
    rated = with_rates(run_query(reader, choice, sql))
    if group == "criteria":
        rated = rated.sort_values("criteria", ignore_index=True)
    return rated.drop(columns="criteria")


def draw_break_rates(title: str, frame: pd.DataFrame) -> None:
    """`frame`: label, broke, decided, share, low, high; the chart shows the first 15 rows, the table all."""
    if frame.empty:
        nothing(title, "n/a: no decided hunts.")
        return
    rest = len(frame) - MAX_ROWS
    figure(
        title,
        rates(
            frame.head(MAX_ROWS),
            hits="broke",
            of="decided",
            colour=OUTCOMES["broke"],
            titles=("Share that broke", "Decided hunts"),
        ),
        f"{title}: break rates with 95% intervals.",
        f"{count(rest, 'more row')} in the table." if rest > 0 else "",
    )
    with st.expander("As a table", icon=":material/table:"):
        table(
            file_part(f"break rate {title}"),
            frame,
            {
                "label": columns.text("Group"),
                "share": columns.percent("Break rate"),
                "low": columns.percent("from", "95% interval (Wilson)"),
                "high": columns.percent("to", "95% interval (Wilson)"),
                "broke": columns.whole("Breaks"),
                "decided": columns.whole("n", "Decided hunts: broke + held"),
                "simulated": columns.yes_no("Simulated"),
            },
        )
