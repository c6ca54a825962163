"""Alarms: every rule, its threshold, and what is found now."""

from __future__ import annotations

from core.telemetry.reader import TelemetryReader
from dashboard_app import data
from dashboard_app.components import alarm_strip, page

ABOUT = "What a lead must not miss. Simulated hunts raise no alarm; neither does a share of very few hunts or calls."


def show() -> None:
    page.of_log("Alarms", ABOUT, _show, needs_hunts=False)


def _show(reader: TelemetryReader) -> None:
    every = data.all_alarms(reader)
    alarm_strip.strip(every)
    alarm_strip.rules(every)
