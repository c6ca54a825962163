"""Calls, latencies, and failures by cause."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard_app.charts import ranking
from dashboard_app.components import columns, tables
from dashboard_app.components.figures import figure, nothing
from dashboard_app.palette import OUTCOMES

MAX_CAUSES = 12
"""Bars per chart; a note gives the sum of the rarer causes."""


def calls(frame: pd.DataFrame) -> None:
    st.subheader("Calls", anchor=False)
    if frame.empty:
        st.caption("No calls match. Calls can be filtered by model and period, not by task or domain.")
        return
    tables.table(
        "calls",
        frame,
        {
            "provider": columns.text("Provider"),
            "purpose": columns.text("For", "target: the model under test; judge: one criterion of a reply"),
            "calls": columns.whole("Calls"),
            "failed": columns.whole("Failed"),
            "share": columns.percent("Share failed"),
            "p50_s": columns.seconds("p50", "Median latency of successful calls."),
            "p95_s": columns.seconds("p95", "95% of successful calls were faster."),
            "wait_p95_s": columns.seconds("Wait p95", "Time in the queue: 95% of the calls waited less."),
        },
    )


def latencies(frame: pd.DataFrame) -> None:
    if frame.empty:
        nothing("Latency by model", "No matching replies.")
        return
    figure("Latency by model", ranking.latencies(frame.head(15)), "Median and 95th percentile of each model's latency.")


def failures(frame: pd.DataFrame) -> None:
    _causes("Failed calls by cause", frame, "calls", "Calls failed", "No failed calls.")


def lost_hunts(frame: pd.DataFrame) -> None:
    _causes("Hunts lost by cause", frame, "hunts", "Hunts lost", "No hunts lost to errors.")


def _causes(title: str, frame: pd.DataFrame, counted: str, axis: str, none: str) -> None:
    if frame.empty:
        nothing(title, none)
        return
    rest = int(frame[counted].iloc[MAX_CAUSES:].sum())
    figure(
        title,
        ranking.causes(frame.head(MAX_CAUSES), counted, axis, OUTCOMES["error"]),
        f"{title} and provider.",
        f"{rest:,} more with rarer causes." if rest else "",
    )
