"""Overview: alarms, key figures and break rates. It does not need the API."""

from __future__ import annotations

import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app import data
from dashboard_app.charts import over_time
from dashboard_app.choice import Choice
from dashboard_app.components import alarm_strip, numbers, page, rate_figures
from dashboard_app.components.figures import figure
from dashboard_app.frames import breaks, overview


def show() -> None:
    page.show_history("Overview", "Key figures, compared with the previous period.", _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    alarm_strip.strip(data.all_alarms(reader), quiet=True)
    before = overview.totals(reader, choice.before) if choice.before else None
    numbers.history(overview.totals(reader, choice), before)
    numbers.why_not_compared(choice)
    hunts = overview.outcomes_over_time(reader, choice, overview.step(reader, choice))
    figure(
        "Hunts and breaks over time",
        over_time.outcomes(hunts, overview.period_shown(choice, hunts)),
        "Hunts over time, stacked by outcome: broke, held, undetermined, error, cancelled.",
    )
    left, right = st.columns(2)
    with left:
        rate_figures.break_rates("Break rate by model", breaks.break_rates(reader, choice, "model"))
    with right:
        rate_figures.break_rates("Break rate by domain", breaks.break_rates(reader, choice, "domain"))
