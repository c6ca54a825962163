"""Activity: hunts by time and trainer."""

from __future__ import annotations

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import Choice
from dashboard_app.components import activity_figures, page
from dashboard_app.frames import activity


def show() -> None:
    page.show_history("Activity", "Hunts by time and trainer.", _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    hours = activity.by_hour(reader, choice)
    activity_figures.hours(hours)
    activity_figures.trainers(activity.trainers(reader, choice), int(hours["hunts"].sum()))
