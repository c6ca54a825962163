"""Providers: latency and failures."""

from __future__ import annotations

import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import Choice
from dashboard_app.components import page, provider_figures
from dashboard_app.frames import providers

ABOUT = "Latency and failures. Repeated calls count each time. Task and domain filters don't apply to calls."


def show() -> None:
    page.show_history("Providers", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    provider_figures.calls(providers.by_provider(reader, choice))
    provider_figures.latencies(providers.latencies(reader, choice))
    left, right = st.columns(2)
    with left:
        provider_figures.failures(providers.failures(reader, choice))
    with right:
        provider_figures.lost_hunts(providers.lost_hunts(reader, choice))
