"""The charts of the history page, each with its heading, its words, and what it says when there is nothing to draw."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard_app import charts
from dashboard_app.words import count

CAUSES_MOST = 15
"""Bars; rarer causes are summed up in words."""


def outcomes(frame: pd.DataFrame, period: tuple[datetime, datetime]) -> None:
    _figure(
        "Hunts and breaks over time",
        charts.outcomes_over_time(frame, period),
        "Hunts over time, stacked by outcome: broke, held, undetermined, error, cancelled.",
    )


def break_rates(frame: pd.DataFrame) -> None:
    if frame.empty:
        _nothing("Break rate by model", "n/a: no hunt is decided here, so there is no rate.")
        return
    _figure(
        "Break rate by model",
        charts.break_rates(frame),
        "Break rate of each model with its 95 % interval.",
        "The dot is the rate over decided hunts, the line its 95 % interval: few hunts, long line.",
    )


def latencies(frame: pd.DataFrame) -> None:
    if frame.empty:
        _nothing("Latency by model", "No replies here, so there is no latency.")
        return
    _figure("Latency by model", charts.latencies(frame), "Median and 95th percentile of each model's latency.")


def costs(over_time: pd.DataFrame, by_model: pd.DataFrame, period: tuple[datetime, datetime]) -> None:
    unknown = int(by_model.drop_duplicates("model")["unknown"].sum())
    note = f"{count(unknown, 'cost')} nobody knows: missing here, not 0." if unknown else ""
    if not by_model["usd"].notna().any():
        _nothing("Cost", "No cost is known here. " + note)
        return
    left, right = st.columns(2)
    with left:
        _figure("Cost over time", charts.costs_over_time(over_time, period), "Known cost over time.", note)
    with right:
        _figure("Cost by model", charts.costs_by_model(by_model), "Known cost of each model's hunts.", note)


def errors(frame: pd.DataFrame) -> None:
    if frame.empty:
        _nothing("Errors by cause and provider", "No hunt was lost to an error here.")
        return
    rest = int(frame["hunts"].iloc[CAUSES_MOST:].sum())
    _figure(
        "Errors by cause and provider",
        charts.errors(frame.head(CAUSES_MOST)),
        "Hunts lost to errors, by cause and provider.",
        f"{count(rest, 'more hunt')} lost to rarer causes." if rest else "",
    )


def _figure(heading: str, chart: charts.Drawing, alternative: str, note: str = "") -> None:
    st.subheader(heading, anchor=False)
    st.altair_chart(chart, alt=alternative)
    if note:
        st.caption(note)


def _nothing(heading: str, sentence: str) -> None:
    st.subheader(heading, anchor=False)
    st.caption(sentence)
