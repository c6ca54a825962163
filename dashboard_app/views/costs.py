"""Costs: target and judge costs, cost per hunt and per break."""

from __future__ import annotations

import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import Choice
from dashboard_app.components import cost_figures, page
from dashboard_app.frames import costs, overview

ABOUT = "Known costs. Unknown costs are counted separately, never as 0."


def show() -> None:
    page.show_history("Costs", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    by_model = costs.per_break(reader, choice)
    cost_figures.totals(by_model)
    over = costs.over_time(reader, choice, overview.step(reader, choice))
    left, right = st.columns(2)
    with left:
        cost_figures.over_time(over, overview.period_shown(choice, over))
    with right:
        cost_figures.by_model(costs.by_model(reader, choice))
    cost_figures.table(by_model)
