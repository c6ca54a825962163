"""Costs: what hunting costs, target and judge apart, and what a break costs."""

from __future__ import annotations

import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import Choice
from dashboard_app.components import cost_figures, page
from dashboard_app.frames import costs, overview

ABOUT = "Known costs. Unknown costs are counted separately, never as 0."


def show() -> None:
    page.of_history("Costs", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    by_model = costs.per_break(reader, choice)
    cost_figures.numbers_of(by_model)
    over = costs.over_time(reader, choice, overview.step(reader, choice))
    left, right = st.columns(2)
    with left:
        cost_figures.over_time(over, overview.period_shown(choice, over))
    with right:
        cost_figures.by_model(costs.by_model(reader, choice))
    cost_figures.table(by_model)
