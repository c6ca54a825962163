"""When hunts ended, and whose they were."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard_app.charts import grids
from dashboard_app.components import columns, tables
from dashboard_app.components.figures import figure


def hours(frame: pd.DataFrame) -> None:
    busiest = frame.iloc[int(frame["hunts"].argmax())]
    figure(
        "By hour and weekday",
        grids.hours(frame),
        "Hunts by hour of the day and weekday, in UTC.",
        f"Busiest: {busiest['weekday']}, {busiest['hour']}:00 UTC with {busiest['hunts']:,} hunts.",
    )


def trainers(frame: pd.DataFrame) -> None:
    st.subheader("Trainers", anchor=False)
    if frame.empty:
        st.caption("No session in this choice carries a name. They do where people sign in with a named token.")
        return
    tables.table(
        "trainers",
        frame,
        {
            "trainer": columns.text("Trainer"),
            "sessions": columns.whole("Sessions"),
            "hunts": columns.whole("Hunts"),
            "breaks": columns.whole("Breaks"),
            "last": columns.moment("Last hunt"),
        },
    )
