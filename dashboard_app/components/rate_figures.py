"""Break rates with intervals, as a chart and a table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard_app.charts import ranking
from dashboard_app.components import columns
from dashboard_app.components.figures import figure, nothing
from dashboard_app.components.tables import table
from dashboard_app.palette import OUTCOMES
from dashboard_app.words import count, file_part

MAX_ROWS = 15


def break_rates(title: str, frame: pd.DataFrame) -> None:
    """`frame`: label, broke, decided, share, low, high; the chart shows the first 15 rows, the table all."""
    if frame.empty:
        nothing(title, "n/a: no decided hunts.")
        return
    rest = len(frame) - MAX_ROWS
    figure(
        title,
        ranking.rates(
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
