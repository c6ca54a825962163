"""Where the dashboard gets what it shows: the log's reader and the API's client, one of each for all viewers."""

from __future__ import annotations

from pathlib import Path

import httpx
import streamlit as st

from core.settings import Settings, read_settings
from core.telemetry.reader import RefreshReport, TelemetryReader
from dashboard_app.live import TIMEOUT, Silence, Status, ask_status

SHARED_ANSWER_S = 0.5
"""Viewers who look within this time get the same answer: a hundred open pages are not a hundred questions."""


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """Raises BadSettings, in words for the reader."""
    return read_settings()


def telemetry() -> tuple[TelemetryReader, RefreshReport]:
    """The log as of now. Raises OSError when its folder cannot be read."""
    reader = _reader(settings().telemetry_dir)
    return reader, reader.refresh()


def api_status() -> Status | Silence:
    return _shared_answer(settings().status_url)


@st.cache_resource(show_spinner="Reading the telemetry log …", on_release=TelemetryReader.close, max_entries=1)
def _reader(directory: str) -> TelemetryReader:
    reader = TelemetryReader(Path(directory))
    reader.refresh()
    return reader


@st.cache_resource(show_spinner=False, on_release=httpx.Client.close, max_entries=1)
def _client(address: str) -> httpx.Client:
    # The API is a neighbour: a proxy from the environment would stand in between.
    return httpx.Client(base_url=address, timeout=TIMEOUT, trust_env=False)


@st.cache_resource(show_spinner=False, ttl=SHARED_ANSWER_S, max_entries=1)
def _shared_answer(address: str) -> Status | Silence:
    return ask_status(_client(address))
