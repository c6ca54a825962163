"""Alarms: every rule, its threshold and its current value."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from core.telemetry.reader import TelemetryReader
from dashboard_app import data
from dashboard_app.alarms import Alarm, State
from dashboard_app.components import columns, notices, page
from dashboard_app.components.tables import table

ABOUT = "Every rule and its current value. Simulated hunts raise no alarms; neither do shares of very few samples."
SIGNS = {State.RAISED: "✗ raised", State.OK: "✓ OK", State.TOO_FEW: "– too few samples", State.OFF: "– off"}


def show() -> None:
    page.show_log("Alarms", ABOUT, _show, needs_hunts=False)


def _show(reader: TelemetryReader) -> None:
    every = data.all_alarms(reader)
    notices.alarms(every)
    _draw_rules(every)


def _draw_rules(every: Sequence[Alarm]) -> None:
    """Table of all _draw_rules, with threshold and setting."""
    frame = pd.DataFrame(
        [(SIGNS[a.state], a.name, a.found.replace("\\", ""), a.limit, a.setting) for a in every],
        columns=["state", "rule", "found", "limit", "setting"],
    )
    table(
        "alarms",
        frame,
        {
            "state": columns.text("State", width=130),
            "rule": columns.text("Rule", width=250),
            "found": columns.text("Now", width=330),
            "limit": columns.text("Alarm at"),
            "setting": columns.text("Setting", "Change it in .env and restart the dashboard."),
        },
    )
