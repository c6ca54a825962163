"""The dashboard as it is started: from the file alone, behind a path, and with settings that cannot be meant."""

import os
import shutil
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboard_app.records_made_up import team_at_work, write_log

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "dashboard_app" / "main.py"


def test_the_first_page_is_live(api):
    test = AppTest.from_file(str(MAIN), default_timeout=30).run()
    assert not test.exception
    assert test.title[0].value == "Live"


def test_a_setting_that_cannot_be_meant_is_told_in_words(monkeypatch):
    monkeypatch.setenv("DASHBOARD_REFRESH", "often")
    test = AppTest.from_file(str(MAIN), default_timeout=30).run()
    assert not test.exception
    assert "DASHBOARD" in test.error[0].value
    assert "often" in test.error[0].value


@pytest.fixture
def dashboard(api, log_dir, tmp_path):
    """A real dashboard under /dashboard/, started as `make run` starts it: from the root, with its config.toml."""
    write_log(log_dir, team_at_work(hunts=200, now=datetime.now(UTC)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ("--server.port", str(port), "--server.address", "127.0.0.1", "--server.baseUrlPath", "dashboard")
    command = [sys.executable, "-m", "streamlit", "run", str(MAIN), *options, "--server.headless", "true"]
    environment = {**os.environ, "TELEMETRY_DIR": str(log_dir), "API_URL": api.url}
    with (tmp_path / "streamlit.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/dashboard"
    try:
        _wait_until_it_answers(f"{address}/_stcore/health", process)
        yield address
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_it_works_behind_a_path(dashboard):
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(timezone_id="America/New_York")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{dashboard}/")
        page.get_by_text("Healthy.").wait_for(timeout=40_000)
        page.get_by_role("link", name="History").click()
        page.get_by_text("Newest hunts").wait_for(timeout=40_000)
        assert page.url.startswith(f"{dashboard}/history")
        page.get_by_text("30d", exact=True).click()
        page.wait_for_url("**/history?period=30d")
        page.reload()
        page.get_by_text("Newest hunts").wait_for(timeout=40_000)
        assert page.url.endswith("/history?period=30d")
        browser.close()
    outside = [url for url in asked if not url.startswith((dashboard, "data:", "blob:"))]
    assert outside == []


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        assert process.poll() is None, "the dashboard ended by itself"
        try:
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    pytest.fail("the dashboard did not answer within 40 s")
