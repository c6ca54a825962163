"""One hunt with all its data from the log: `hunt?hunt=h_…`, linked from Find and Sessions."""

from __future__ import annotations

import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.components import hunt_details, notices, page
from dashboard_app.frames import find


def show() -> None:
    page.show_log("Hunt", "One call to a target and the judging of its reply.", _show)


def _show(reader: TelemetryReader) -> None:
    hunt_id = st.query_params.get("hunt", "")
    hunt = find.hunt(reader, hunt_id) if hunt_id else None
    if hunt is None:
        notices.no_such_hunt(hunt_id)
    else:
        hunt_details.show(hunt)
