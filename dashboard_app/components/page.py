"""The frame of every page about the past: its heading, the log read anew by itself, what to look at, and the view."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from core.telemetry.reader import TelemetryReader
from dashboard_app import data
from dashboard_app.choice import Choice
from dashboard_app.components import emptiness
from dashboard_app.components.filters import choose
from dashboard_app.frames import overview

View = Callable[[TelemetryReader, Choice], None]


def of_history(title: str, about: str, view: View) -> None:
    """`view` is shown only when the log holds chosen hunts; the page says what to do otherwise."""

    def chosen(reader: TelemetryReader) -> None:
        choice = choose(datetime.now(UTC), lambda column: data.names(reader, column))
        hunts, simulated = overview.seen(reader, choice)
        if not hunts:
            emptiness.nothing_chosen()
            return
        emptiness.simulated_hunts(simulated, hunts)
        view(reader, choice)

    of_log(title, about, chosen)


def of_log(title: str, about: str, view: Callable[[TelemetryReader], None], *, needs_hunts: bool = True) -> None:
    """`view` gets the log as of now, again every DASHBOARD_REREAD seconds; it needs no API."""

    def show() -> None:
        heading(title, about)
        directory = data.settings().telemetry_dir
        try:
            reader, report = data.telemetry()
        except OSError as error:
            emptiness.unreadable_log(directory, error)
            return
        if needs_hunts and not data.names(reader, "model"):
            emptiness.nothing_yet(directory)
        else:
            view(reader)
        emptiness.log_state(report)

    # Made here and not by a decorator: how often is a setting.
    st.fragment(show, run_every=data.settings().dashboard_reread_s)()


def heading(title: str, about: str) -> None:
    st.header(title, anchor=False)
    st.caption(about)
