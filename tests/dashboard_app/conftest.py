"""A telemetry log, a fake API, and the dashboard's pages run by Streamlit's AppTest."""

from collections.abc import Callable

import altair  # noqa: F401 - takes seconds on a busy machine, which is not a page's time
import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from core.telemetry.reader import TelemetryReader
from tests.dashboard_app.records_made_up import At, team_at_work, write_log
from tests.dashboard_app.status_stand_in import api_stand_in


@pytest.fixture(autouse=True)
def own_settings(tmp_path, monkeypatch):
    """Every test has its own log folder and no API by default. AppTest does not read dashboard_app/.streamlit."""
    config.set_option("server.address", "127.0.0.1")
    monkeypatch.setenv("TELEMETRY_DIR", str(tmp_path / "log"))
    monkeypatch.setenv("API_URL", "http://127.0.0.1:9")
    # As dashboard_app/.streamlit/config.toml has it, which AppTest does not read.
    config.set_option("server.address", "127.0.0.1")
    _forget()
    yield
    _forget()


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
