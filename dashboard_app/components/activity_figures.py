"""Hunts by time and trainer."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard_app.charts import grids
from dashboard_app.components import columns, tables
from dashboard_app.components.figures import figure
from dashboard_app.words import count


def hours(frame: pd.DataFrame) -> None:
    busiest = frame.iloc[int(frame["hunts"].argmax())]
    figure(
        "By hour and weekday",
        grids.hours(frame),
        "Hunts by hour of the day and weekday, in UTC.",
        f"Busiest: {busiest['weekday']}, {busiest['hour']}:00 UTC with {busiest['hunts']:,} hunts.",
    )


def trainers(frame: pd.DataFrame, hunts: int) -> None:
    """`hunts`: number of matching hunts, with and without a trainer's name."""
    st.subheader("Trainers", anchor=False)
    if frame.empty:
        st.caption(
            "No matching session has a trainer's name. To record names, give each trainer a token in HUNTER_TOKENS; "
            "later hunts then appear here by name."
        )
        return
    nameless = hunts - int(frame["hunts"].sum())
    if nameless:
        st.caption(f"Not included: {count(nameless, 'hunt')} of sessions without a name.")
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
