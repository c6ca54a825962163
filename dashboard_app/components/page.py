"""The frame of every page about the past: its heading, the log read anew by itself, what to look at, and the view."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import streamlit as st

from core.telemetry.reader import RefreshReport, TelemetryReader
from dashboard_app import access, data
from dashboard_app.choice import Choice
from dashboard_app.components import emptiness
from dashboard_app.components.filters import choose
from dashboard_app.configuration import settings
from dashboard_app.frames import overview

View = Callable[[TelemetryReader, Choice], None]
READING_LOOK_S = 1.0
"""How often a page looks how far the reading of older days has come."""


def of_history(title: str, about: str, view: View) -> None:
    """`view` is shown only when the log holds chosen hunts; the page says what to do otherwise."""

    def chosen(reader: TelemetryReader, report: RefreshReport) -> None:
        choice = choose(
            datetime.now(UTC), lambda column: data.names(reader, column), read_since(report), data.log_begin(reader)
        )
        if not choice.complete:
            _until_read()
        hunts, simulated = overview.seen(reader, choice)
        if not hunts:
            emptiness.nothing_chosen()
            return
        emptiness.simulated_hunts(simulated, hunts)
        view(reader, choice)

    _of_log(title, about, chosen)


def of_log(title: str, about: str, view: Callable[[TelemetryReader], None], *, needs_hunts: bool = True) -> None:
    """`view` gets the log as of now, again every 30 seconds; it needs no API."""

    def whole(reader: TelemetryReader, report: RefreshReport) -> None:
        if report.complete_after:
            _until_read()
        view(reader)

    _of_log(title, about, whole, needs_hunts=needs_hunts)


def _until_read() -> None:
    """Says how far the reading of a long log is, and shows the page anew when it has ended."""

    def show() -> None:
        report = data.followed().look()
        if report.complete_after is None:
            st.rerun()
        emptiness.still_reading(report)

    st.fragment(show, run_every=READING_LOOK_S)()


def read_since(report: RefreshReport) -> datetime | None:
    """From when on the log is there as a whole; None: all of it is."""
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
            emptiness.unreadable_log(directory, error)
            return
        if needs_hunts and not data.names(reader, "model"):
            emptiness.nothing_yet(directory)
        else:
            view(reader, report)
        emptiness.log_state(report)

    # Made here and not by a decorator: how often is a setting.
    access.while_it_may(show, settings().server.dashboard_reread_s)


def heading(title: str, about: str) -> None:
    st.header(title, anchor=False)
    st.caption(about)
