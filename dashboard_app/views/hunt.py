"""One hunt, with everything that the log holds about it: `hunt?hunt=h_…`, reached from Find and from a session."""

from __future__ import annotations

import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app.components import emptiness, hunt_sheet, page
from dashboard_app.frames import find


def show() -> None:
    page.of_log("Hunt", "One call of a model, and the judging of its reply.", _show)


def _show(reader: TelemetryReader) -> None:
    hunt_id = st.query_params.get("hunt", "")
    hunt = find.hunt(reader, hunt_id) if hunt_id else None
    if hunt is None:
        emptiness.no_such_hunt(hunt_id)
    else:
        hunt_sheet.show(hunt)
