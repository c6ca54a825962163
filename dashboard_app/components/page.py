"""The layout of every history page: heading, filters, view and notices, refreshed from the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import streamlit as st

from core.telemetry.reader import RefreshReport, TelemetryReader
from dashboard_app import access, data
from dashboard_app.components import notices
from dashboard_app.components.filters import choose
from dashboard_app.configuration import settings
from dashboard_app.filter_conditions import Choice
from dashboard_app.queries import count_hunts

View = Callable[[TelemetryReader, Choice], None]
READING_POLL_S = 1.0
"""Polling interval while older days of the log are being read."""


def show_history(title: str, about: str, view: View) -> None:
    """Show `view` if any hunts match the filters, otherwise a message."""

    def show_chosen(reader: TelemetryReader, report: RefreshReport) -> None:
        choice = choose(
            datetime.now(UTC), lambda column: data.names(reader, column), read_since(report), data.log_begin(reader)
        )
        if not choice.complete:
            _until_read()
        hunts, simulated = count_hunts(reader, choice)
        if not hunts:
            notices.nothing_chosen()
            return
        notices.simulated_hunts(simulated, hunts)
        view(reader, choice)

    _of_log(title, about, show_chosen)


def show_log(title: str, about: str, view: Callable[[TelemetryReader], None], *, needs_hunts: bool = True) -> None:
    """Show `view` with the current log, refreshed every `dashboard_reread_s` seconds."""

    def whole(reader: TelemetryReader, report: RefreshReport) -> None:
        if report.complete_after:
            _until_read()
        view(reader)

    _of_log(title, about, whole, needs_hunts=needs_hunts)


def _until_read() -> None:
    """Show the progress of reading a long log, and rerun the page when it is complete."""

    def show() -> None:
        report = data.followed().look()
        if report.complete_after is None:
            st.rerun()
        notices.still_reading(report)

    st.fragment(show, run_every=READING_POLL_S)()


def read_since(report: RefreshReport) -> datetime | None:
    """The time from which the log is complete; None: all of it is."""
    day = report.complete_after
    return datetime.combine(day + timedelta(days=1), time.min, UTC) if day else None


def _of_log(
    title: str, about: str, view: Callable[[TelemetryReader, RefreshReport], None], *, needs_hunts: bool = True
) -> None:

    def show() -> None:
        heading(title, about)
        directory = settings().telemetry.directory
        try:
            reader, report = data.telemetry()
        except OSError as error:
            notices.unreadable_log(directory, error)
            return
        if needs_hunts and not data.names(reader, "model"):
            notices.nothing_yet(directory)
        else:
            view(reader, report)
        notices.log_state(report)

    # Not a decorator: the interval is a setting.
    access.refresh_while_allowed(show, settings().server.dashboard_reread_s)


def heading(title: str, about: str) -> None:
    st.header(title, anchor=False)
    st.caption(about)
