"""Data sources shared by all viewers: the telemetry log's reader and the API's client, with caches."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import streamlit as st

from core.access.cookies import service_token
from core.library.records import TeamOverview
from core.status import AdminStatus
from core.telemetry.background_reading import Following
from core.telemetry.reader import RefreshReport, TelemetryReader
from dashboard_app import queries
from dashboard_app.alarms import Alarm, alarms
from dashboard_app.api_status import TIMEOUT, StatusUnavailable, ask_status
from dashboard_app.configuration import settings
from dashboard_app.team_overview import read_team

CACHE_FOLDER = ".cache"
"""In the log's folder, unless TELEMETRY_CACHE is set."""
MAX_CACHED_SEARCHES = 8
"""Searches cached until the log changes."""
ALARMS_TTL_S = 5.0
TEAM_TTL_S = 10.0
STATUS_TTL_S = 0.5
"""Viewers share one status request per interval, so that a hundred open pages do not send a hundred requests."""


def telemetry() -> tuple[TelemetryReader, RefreshReport]:
    """The current log; a long log is read newest days first. Raises OSError if its folder cannot be read."""
    log = followed()
    report = log.look()
    return log.reader, report


def followed() -> Following:
    """The log of this server, opened on first use."""
    now = settings()
    return _followed(now.telemetry.directory, now.telemetry.cache_dir, now.server.dashboard_memory_mib)


def all_alarms(reader: TelemetryReader) -> list[Alarm]:
    """Every rule with its current state; shared between viewers for a few seconds."""
    return _shared_alarms(reader)


def names(reader: TelemetryReader, column: str) -> list[str]:
    """The options of a filter; queried again only when the log has changed."""
    return _shared_names(reader, column, reader.changes)


def log_begin(reader: TelemetryReader) -> datetime | None:
    """Time of the log's oldest record; None for an empty log."""
    return _shared_begin(reader, reader.changes)


def in_replies(reader: TelemetryReader, word: str, since: datetime | None) -> tuple[str, ...]:
    """Hunts with `word` in their reply; the files are searched again only when they have changed."""
    return _shared_replies(reader, word, since.date() if since else None, reader.changes) if word else ()


def team(since: timedelta) -> TeamOverview:
    """What is open, and what was delivered within `since`; shared between viewers for some seconds. Raises NoTeam."""
    return _shared_team(settings().library.url, since)


def alarms_if_readable() -> list[Alarm]:
    """Every rule, or none if the log cannot be read; the history pages report that error."""
    try:
        reader, _ = telemetry()
    except OSError:
        return []
    return all_alarms(reader)


def api_status() -> AdminStatus | StatusUnavailable:
    return _shared_answer(settings().server.status_url)


@st.cache_resource(show_spinner="Reading the telemetry log …", on_release=Following.close, max_entries=1)
def _followed(directory: str, cache_directory: str, memory_mib: int) -> Following:
    log = Path(directory)
    cache = Path(cache_directory) if cache_directory else log / CACHE_FOLDER
    reader = TelemetryReader(log, cache_directory=cache if log.is_dir() else None, max_memory_mib=memory_mib)
    followed = Following(reader)
    followed.look()
    return followed


@st.cache_data(show_spinner=False, max_entries=len(queries.NAMED))
def _shared_names(_reader: TelemetryReader, column: str, changes: tuple[int, int]) -> list[str]:  # noqa: ARG001 - part of the key
    return queries.names(_reader, column)


@st.cache_data(show_spinner=False, max_entries=1)
def _shared_begin(_reader: TelemetryReader, changes: tuple[int, int]) -> datetime | None:  # noqa: ARG001 - part of the key
    return queries.log_begin(_reader)


@st.cache_data(show_spinner="Searching all replies …", max_entries=MAX_CACHED_SEARCHES)
def _shared_replies(
    _reader: TelemetryReader,
    word: str,
    since: date | None,
    changes: tuple[int, int],  # noqa: ARG001 - part of the key
) -> tuple[str, ...]:
    return queries.find_in_replies(_reader, word, since)


@st.cache_data(show_spinner=False, ttl=ALARMS_TTL_S, max_entries=1)
def _shared_alarms(_reader: TelemetryReader) -> list[Alarm]:
    return alarms(_reader, settings().alarms, datetime.now(UTC))


@st.cache_data(show_spinner=False, ttl=TEAM_TTL_S, max_entries=8)
def _shared_team(url: str, since: timedelta) -> TeamOverview:
    now = datetime.now(UTC)
    return read_team(url, now, now - since)


@st.cache_resource(show_spinner=False, on_release=httpx.Client.close, max_entries=1)
def _client(address: str) -> httpx.Client:
    # The API is local: bypass any proxy from the environment.
    return httpx.Client(base_url=address, timeout=TIMEOUT, trust_env=False)


@st.cache_resource(show_spinner=False, ttl=STATUS_TTL_S, max_entries=1)
def _shared_answer(address: str) -> AdminStatus | StatusUnavailable:
    return ask_status(_client(address), service_token(settings().access.tokens, datetime.now(UTC).timestamp()))
