"""A telemetry log, a fake API, and the dashboard's pages run by Streamlit's AppTest."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache

import altair  # noqa: F401 - takes seconds on a busy machine, which is not a page's time
import pytest
import streamlit as st
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core.telemetry import background_reading
from core.telemetry.reader import RefreshReport, TelemetryReader
from tests.dashboard_app.fake_status import api_stand_in
from tests.dashboard_app.helpers import records
from tests.dashboard_app.records_made_up import At, team_at_work, write_log


@pytest.fixture(autouse=True)
def own_settings(tmp_path, monkeypatch):
    """Every test has its own log folder and no API by default. AppTest does not read dashboard_app/.streamlit."""
    config.set_option("server.address", "127.0.0.1")
    monkeypatch.setenv("TELEMETRY_DIR", str(tmp_path / "log"))
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("LIBRARY_URL", f"sqlite:///{tmp_path}/library.sqlite")
    # As dashboard_app/.streamlit/config.toml has it, which AppTest does not read.
    config.set_option("server.address", "127.0.0.1")
    _forget()
    yield
    _forget()


@pytest.fixture(autouse=True, scope="session")
def components_are_found_once():
    """AppTest looks for components of all installed packages at every run: four fifths of the time of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


def _forget() -> None:
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def log_dir(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def api(monkeypatch):
    with api_stand_in() as told:
        monkeypatch.setenv("API_URL", told.url)
        yield told


@pytest.fixture
def entries() -> list[At]:
    return list(team_at_work(hunts=300))


@pytest.fixture
def reader(log_dir, entries):
    write_log(log_dir, entries)
    with TelemetryReader(log_dir) as reader:
        reader.refresh()
        yield reader


@pytest.fixture
def hunts(reader, log_dir) -> list[dict]:
    return records(log_dir, "hunt")


@pytest.fixture
def older_days_wait(monkeypatch, log_dir) -> Iterator[threading.Event]:
    """A log of ten days of which only the newest is read until the test releases the others."""
    write_log(log_dir, team_at_work(hunts=400, days=9, now=datetime.now(UTC)))
    may_go, refresh = threading.Event(), TelemetryReader.refresh

    def wait_first(self: TelemetryReader, max_bytes: int | None = None) -> RefreshReport:
        if threading.current_thread().name == "telemetry-older-days":
            assert may_go.wait(60)
        return refresh(self, max_bytes)

    monkeypatch.setattr(TelemetryReader, "refresh", wait_first)
    monkeypatch.setattr(background_reading, "FIRST_READ_BYTES", 1)
    yield may_go
    may_go.set()


@pytest.fixture
def page() -> Callable[..., AppTest]:
    """Run one page of the navigation with `query` in its URL."""

    def run(name: str, **query: str) -> AppTest:
        test = AppTest.from_function(_view, default_timeout=50, args=(name,))
        for key, value in query.items():
            test.query_params[key] = value
        test.run()
        return test

    return run


def _view(name: str) -> None:
    import importlib

    importlib.import_module(f"dashboard_app.views.{name}").show()
