"""Break rates with their intervals, and the same as a table."""

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


def of_breaks(title: str, frame: pd.DataFrame) -> None:
    """label, broke, decided, share, low, high; highest rates first, rarer groups in the table only."""
    if frame.empty:
        nothing(title, "n/a: no hunt is decided here, so there is no rate.")
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
        f"{title}: break rates with their 95 % intervals.",
        f"{count(rest, 'more row')} in the table." if rest > 0 else "",
    )
    with st.expander("As a table", icon=":material/table:"):
        table(
            file_part(f"break rate {title}"),
            frame,
            {
                "label": columns.text("What"),
                "share": columns.percent("Break rate"),
                "low": columns.percent("from", "95 % interval (Wilson)"),
                "high": columns.percent("to", "95 % interval (Wilson)"),
                "broke": columns.whole("Breaks"),
                "decided": columns.whole("n", "Decided hunts: broke + held"),
                "simulated": columns.yes_no("Simulated"),
            },
        )
