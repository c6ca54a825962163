"""History: what happened, from the telemetry log. It does not need the API."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app import data, frames
from dashboard_app.choice import Choice
from dashboard_app.components import emptiness, figures, filters, hunts, numbers

READ_AGAIN_S = 30


@st.fragment(run_every=READ_AGAIN_S)
def show() -> None:
    st.title("History", anchor=False)
    directory = data.settings().telemetry_dir
    try:
        reader, report = data.telemetry()
    except OSError as error:
        emptiness.unreadable_log(directory, error)
        return
    models = frames.names(reader, "model")
    if models:
        _show_chosen(reader, filters.choose(datetime.now(UTC), models, frames.names(reader, "notebook")))
    else:
        emptiness.nothing_yet(directory)
    emptiness.log_state(report)


def _show_chosen(reader: TelemetryReader, choice: Choice) -> None:
    totals = frames.totals(reader, choice)
    if not totals.hunts:
        emptiness.nothing_chosen()
        return
    emptiness.simulated_hunts(totals.simulated, totals.hunts)
    numbers.of_history(totals)
    width = frames.step(reader, choice)
    over_time = frames.outcomes_over_time(reader, choice, width)
    period = frames.period_shown(choice, over_time)
    figures.outcomes(over_time, period)
    left, right = st.columns(2)
    with left:
        figures.break_rates(frames.break_rates(reader, choice))
    with right:
        figures.latencies(frames.latencies(reader, choice))
    figures.costs(frames.costs_over_time(reader, choice, width), frames.costs_by_model(reader, choice), period)
    figures.errors(frames.errors(reader, choice))
    hunts.table(frames.newest_hunts(reader, choice), choice.now)
