"""Live: current state, as reported by the API. Polls the API, also while it does not respond."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.status import AdminStatus
from dashboard_app import access, data
from dashboard_app.components import alarm_strip, health, live_figures, numbers, page, providers
from dashboard_app.configuration import settings
from dashboard_app.live import Silence
from dashboard_app.recent import Recent


def show() -> None:
    page.heading("Live", "Current state, as reported by the API.")
    # Not a decorator: the interval is a setting.
    access.refresh_while_allowed(_show_now, settings().server.dashboard_refresh_s)


def _show_now() -> None:
    answer = data.api_status()
    if isinstance(answer, Silence):
        health.silence(answer)
    else:
        _show_status(answer)


def _show_status(status: AdminStatus) -> None:
    recent: Recent = st.session_state.setdefault("recent", Recent())
    recent.add(datetime.now(UTC), status)
    alarms = data.alarms_if_readable()
    alarm_strip.strip(alarms, quiet=True)
    health.state(status, len(alarm_strip.raised_alarms(alarms)))
    health.several(recent.instances)
    numbers.current(status)
    st.subheader("Providers", anchor=False)
    providers.table(status.providers)
    live_figures.recent(recent)
    live_figures.instances(status)
