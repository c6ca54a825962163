"""Alarms: every rule, its threshold and its current value."""

from __future__ import annotations

from core.telemetry.reader import TelemetryReader
from dashboard_app import data
from dashboard_app.components import alarm_strip, page

ABOUT = "Every rule and its current value. Simulated hunts raise no alarms; neither do shares of very few samples."


def show() -> None:
    page.show_log("Alarms", ABOUT, _show, needs_hunts=False)


def _show(reader: TelemetryReader) -> None:
    every = data.all_alarms(reader)
    alarm_strip.strip(every)
    alarm_strip.rules(every)
