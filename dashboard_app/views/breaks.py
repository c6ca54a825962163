"""Breaks: break rates by model, criteria, domain and taxonomy, with intervals."""

from __future__ import annotations

import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.components import page
from dashboard_app.components.break_rates import break_rates, draw_break_rates, draw_opinions
from dashboard_app.filter_conditions import Choice

ABOUT = (
    "Breaks over decided hunts. The dot is the rate so far, the line the range in which it probably settles in the "
    "long run (95% interval): fewer hunts, longer line."
)
SHOWN = {
    "model": "By model",
    "criteria": "By number of criteria",
    "domain": "By domain",
    "taxonomy": "By taxonomy (L1)",
}


def show() -> None:
    page.show_history("Breaks", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    rates = {group: break_rates(reader, choice, group) for group in SHOWN}
    draw_opinions(rates["model"])
    sides = st.columns(2)
    for place, (group, title) in enumerate(SHOWN.items()):
        with sides[place % 2]:
            draw_break_rates(title, rates[group])
