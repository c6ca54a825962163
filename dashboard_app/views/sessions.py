"""Sessions: the newest sessions, and the events of one in order."""

from __future__ import annotations

from core.telemetry.reader import TelemetryReader
from dashboard_app.choice import Choice
from dashboard_app.components import page, session_tables
from dashboard_app.frames import sessions

ABOUT = "One row per loaded task. Select a row to see its events."


def show() -> None:
    page.show_history("Sessions", ABOUT, _show)


def _show(reader: TelemetryReader, choice: Choice) -> None:
    newest = sessions.newest(reader, choice)
    session = session_tables.choose(newest)
    if session:
        session_tables.replay(session, sessions.replay(reader, session))
