"""The dashboard as it is started: from the file alone, behind nginx in a browser, and with invalid settings."""

import asyncio
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from tests.dashboard_app.fake_status import api_stand_in
from tests.dashboard_app.nginx_before import nginx_before
from tests.dashboard_app.records_made_up import MODELS, team_at_work, write_log
from tests.dashboard_app.views.test_team import write_tasks
from tests.house.loopback_only import find_free_port

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "dashboard_app" / "main.py"
STREAMLIT = (
    "import runpy, sys; sys.modules['rfc3987_syntax'] = None; "  # as in tests/house/collection.py
    "runpy.run_module('streamlit', run_name='__main__', alter_sys=True)"
)
RUN = [sys.executable, "-c", STREAMLIT, "run", str(MAIN)]
"""As `streamlit run` where only what is deployed is installed."""
WAIT_MS = 60_000
SAYS = {
    "Live": "Healthy.",
    "Alarms": "No alarms.",
    "Overview": "Break rate by model",
    "Breaks": "By number of criteria",
    "Criteria": "Difficulty of each criterion",
    "Judge": "Same reply, other verdict",
    "Costs": "Cost per hunt and per break",
    "Providers": "Hunts lost by cause",
    "Team": "What waits for whom",
    "Activity": "By hour and weekday",
    "Find": "200 hunts found",
    "Sessions": "One row per loaded task",
}


def test_the_first_page_is_live(api):
    test = AppTest.from_file(str(MAIN), default_timeout=50).run()
    assert not test.exception
    assert test.header[0].value == "Live"


def test_an_invalid_setting_is_explained(monkeypatch):
    monkeypatch.setenv("DASHBOARD_REFRESH", "often")
    test = AppTest.from_file(str(MAIN), default_timeout=50).run()
    assert not test.exception
    assert "DASHBOARD" in test.error[0].value
    assert "often" in test.error[0].value


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory, nginx_path):
    """A real dashboard behind a real nginx, started as `make run` starts it: from the root, with its config.toml."""
    folder, port = tmp_path_factory.mktemp("dashboard"), find_free_port()
    write_log(folder / "log", team_at_work(hunts=200, days=5, now=datetime.now(UTC)))
    asyncio.run(write_tasks(f"sqlite:///{folder}/library.sqlite"))
    options = ("--server.port", str(port), "--server.address", "127.0.0.1", "--server.baseUrlPath", "dashboard")
    command = [*RUN, *options, "--server.headless", "true"]
    with api_stand_in() as api, (folder / "streamlit.log").open("wb") as output:
        environment = {**os.environ, "TELEMETRY_DIR": str(folder / "log"), "API_URL": api.url}
        environment["LIBRARY_URL"] = f"sqlite:///{folder}/library.sqlite"
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            wait_until_it_answers(f"http://127.0.0.1:{port}/dashboard/_stcore/health", process)
            with nginx_before(nginx_path, folder / "nginx", port) as address:
                yield address
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def page(browser):
    with browser.new_context(timezone_id="America/New_York", viewport={"width": 1400, "height": 1000}) as context:
        context.set_default_timeout(WAIT_MS)
        yield context.new_page()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_view_opens_behind_nginx_and_what_is_chosen_goes_along(dashboard, page):
    asked, sockets, faults = [], [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(dashboard)
    for name, says in SAYS.items():
        page.get_by_test_id("stSidebarNavLink").filter(has_text=re.compile(f"{name}$")).click()
        page.get_by_test_id("stMain").get_by_text(says).first.wait_for()
        page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()  # docs/status.md says why
        assert page.get_by_test_id("stException").count() == 0
        if name == "Overview":
            page.get_by_text("30d", exact=True).click()
            expect(page).to_have_url(f"{dashboard}overview?period=30d", timeout=WAIT_MS)
    expect(page).to_have_url(f"{dashboard}sessions?period=30d", timeout=WAIT_MS)
    assert faults == []
    assert sockets
    assert {url.partition("/_stcore")[0] for url in sockets} == {dashboard.replace("http", "ws").rstrip("/")}
    assert [url for url in asked if not url.startswith((dashboard, "data:", "blob:"))] == []


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_link_shows_the_same_and_leads_to_one_hunt(dashboard, page):
    broke = [
        record
        for _, record in team_at_work(hunts=200, days=5, now=datetime.now(UTC))
        if getattr(record, "outcome", "") == "broke" and record.model == MODELS[0].name
    ]
    page.goto(f"{dashboard}find?period=all&outcome=broke&q=nemotron")
    page.get_by_text(f"{len(broke)} hunts found").wait_for()
    search = page.get_by_placeholder(re.compile("text of a reply"))
    expect(search).to_have_value("nemotron")
    search.fill(broke[0].hunt_id)
    search.press("Enter")
    page.get_by_text("1 hunt found").wait_for()
    page.wait_for_url(f"**/find?*q={broke[0].hunt_id}*")
    page.reload()
    page.get_by_text("1 hunt found").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert broke[0].hunt_id in Path(download.value.path()).read_text(encoding="utf-8-sig")
    page.goto(f"{dashboard}hunt?hunt={broke[0].hunt_id}")
    page.get_by_role("heading", name="The reply").wait_for()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="All of its session").click()
    opened.value.get_by_text(f"What happened in {broke[0].session}").wait_for(timeout=WAIT_MS)


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert process.poll() is None, "the dashboard ended by itself"
        try:
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    pytest.fail("the dashboard did not answer within 90 s")
