"""How providers answered: calls, latencies, failures by cause."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard_app.charts import ranking
from dashboard_app.components import columns, tables
from dashboard_app.components.figures import figure, nothing
from dashboard_app.palette import OUTCOMES
from dashboard_app.words import count

MAX_CAUSES = 12
"""Bars; rarer causes are summed up in words."""


def calls(frame: pd.DataFrame) -> None:
    st.subheader("Calls", anchor=False)
    if frame.empty:
        st.caption("No calls here. A task or a domain cannot be told of calls; a model and a period can.")
        return
    tables.table(
        "calls",
        frame,
        {
            "provider": columns.text("Provider"),
            "purpose": columns.text("For", "target: the model that is hunted; judge: one criterion of a reply"),
            "calls": columns.whole("Calls"),
            "failed": columns.whole("Failed"),
            "share": columns.percent("Share failed"),
            "p50_s": columns.seconds("p50", "Half of the calls that went well were faster."),
            "p95_s": columns.seconds("p95", "19 of 20 were faster."),
            "wait_p95_s": columns.seconds("Wait p95", "For a slot of the account: 19 of 20 waited less."),
        },
    )


def latencies(frame: pd.DataFrame) -> None:
    if frame.empty:
        nothing("Latency by model", "No replies here, so there is no latency.")
        return
    figure("Latency by model", ranking.latencies(frame.head(15)), "Median and 95th percentile of each model's latency.")


def failures(frame: pd.DataFrame) -> None:
    _causes("Failed calls by cause", frame, "calls", "Calls failed", "No call failed here.")


def lost_hunts(frame: pd.DataFrame) -> None:
    _causes("Hunts lost by cause", frame, "hunts", "Hunts lost", "No hunt was lost to an error here.")


def _causes(title: str, frame: pd.DataFrame, counted: str, axis: str, none: str) -> None:
    if frame.empty:
        nothing(title, none)
        return
    rest = int(frame[counted].iloc[MAX_CAUSES:].sum())
    figure(
        title,
        ranking.causes(frame.head(MAX_CAUSES), counted, axis, OUTCOMES["error"]),
        f"{title} and provider.",
        f"{count(rest, 'more', 'more')} of rarer causes." if rest else "",
    )
