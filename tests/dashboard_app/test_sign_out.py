"""After any kind of sign-out, an open tab of a real dashboard hides its content within seconds."""

import os
import subprocess
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from core.access.cookies import COOKIE, new_cookie
from tests.api.signing_in import ENTRIES, TOKENS, holders
from tests.dashboard_app.fake_status import api_stand_in
from tests.dashboard_app.records_made_up import MODELS, team_at_work, write_log
from tests.dashboard_app.test_main import ROOT, RUN, WAIT_MS, wait_until_it_answers
from tests.house.loopback_only import find_free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
SIGN_IN_SHOWN_WITHIN_MS = 15_000
"""A few seconds, doubled for a busy machine."""
SHOWN = "Break rate by model"


class Dashboard:
    """A real dashboard whose history pages do not refresh, so they are idle."""

    def __init__(self, folder, api_url, base):
        self.port = find_free_port()
        self.address = f"http://127.0.0.1:{self.port}/{base}/".replace("//", "/").replace(":/", "://")
        options = ("--server.port", str(self.port), "--server.baseUrlPath", base)
        self._command = [*RUN, *options]
        self._given = {
            "TELEMETRY_DIR": str(folder / "log"),
            "API_URL": api_url,
            "DASHBOARD_REREAD": "3000",
            "DASHBOARD_REFRESH": "0.5",
        }
        self._log = folder / "streamlit.log"

    def start(self, entries=ENTRIES):
        with self._log.open("ab") as log:
            environment = {**os.environ, **self._given, "HUNTER_TOKENS": entries}
            self._process = subprocess.Popen(self._command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        wait_until_it_answers(f"{self.address}_stcore/health", self._process)

    def stop(self):
        self._process.kill()
        self._process.wait(20)


@contextmanager
def serving(folder, base="dashboard"):
    """A dashboard that a test may stop and start. Neither a token nor a stack trace gets into its log."""
    write_log(folder / "log", team_at_work(hunts=200, days=5, now=datetime.now(UTC)))
    with api_stand_in() as api:
        one = Dashboard(folder, api.url, base)
        one.start()
        yield one
        one.stop()
    logged = (folder / "streamlit.log").read_text()
    assert "mh_" not in logged
    assert "Traceback" not in logged


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """The dashboard of each base path, started when a test wants it."""
    with ExitStack() as closing:
        yield cache(lambda base: closing.enter_context(serving(tmp_path_factory.mktemp("dashboard"), base)))


@pytest.fixture
def dashboard(request, shared):
    return shared(getattr(request, "param", "dashboard"))


@pytest.fixture
def own_dashboard(tmp_path):
    with serving(tmp_path) as one:
        yield one


@pytest.fixture
def page(browser):
    with browser.new_context(viewport={"width": 1400, "height": 1000}) as context:
        context.set_default_timeout(WAIT_MS)
        yield context.new_page()


BOTH = pytest.mark.parametrize("dashboard", ["", "dashboard"], indirect=True)
"""Directly on its port, and under its path behind nginx."""


def come_in(page, dashboard, *, life_s=600):
    """Open an idle page with the hunting page's cookie; returns when the pass was created."""
    made_s = datetime.now(UTC).timestamp()
    value = new_cookie(holders()[2], made_s, life_s)
    page.context.add_cookies([{"name": COOKIE, "value": value, "domain": "127.0.0.1", "path": "/", "httpOnly": True}])
    page.goto(f"{dashboard.address}overview")
    page.get_by_text(SHOWN).first.wait_for()


def shows_nothing(page):
    expect(page.get_by_label("Your token")).to_be_visible(timeout=SIGN_IN_SHOWN_WITHIN_MS)
    assert [word for word in (SHOWN, MODELS[0].name, "Signed in as") if word in page.content()] == []


@BOTH
def test_who_came_by_cookie_signs_out_in_every_tab_and_the_way_back_shows_nothing(dashboard, page):
    come_in(page, dashboard)
    live = page.context.new_page()
    live.goto(dashboard.address)
    live.get_by_text("Healthy.").wait_for()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Costs").click()
    page.get_by_text("Cost per hunt and per break").first.wait_for()
    page.get_by_role("button", name="Sign out").click()
    for tab in (page, live):
        shows_nothing(tab)
    assert [cookie for cookie in page.context.cookies() if cookie["name"] == COOKIE] == []
    page.go_back()
    shows_nothing(page)


@BOTH
def test_the_form_lets_an_admin_in_to_where_they_wanted(dashboard, page):
    page.goto(f"{dashboard.address}overview?period=30d")
    page.get_by_label("Your token").fill(TOKENS["alice"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("alice, a trainer")
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []
    page.get_by_label("Your token").fill(TOKENS["root"])
    page.keyboard.press("Enter")
    page.get_by_text(SHOWN).first.wait_for()
    page.get_by_text("Signed in as root.").wait_for()
    assert page.url == f"{dashboard.address}overview?period=30d"
    page.reload()
    page.get_by_text(SHOWN).first.wait_for()
    assert TOKENS["root"] not in page.evaluate(
        "JSON.stringify({...localStorage, ...sessionStorage, c: document.cookie})"
    )


def test_a_sign_out_on_the_hunting_page_ends_an_idle_tab(dashboard, page):
    come_in(page, dashboard)
    page.context.clear_cookies()
    shows_nothing(page)


@pytest.mark.long
def test_a_pass_that_runs_out_ends_an_idle_tab(dashboard, page):
    come_in(page, dashboard, life_s=25)
    shows_nothing_by = time.monotonic() + 25 + SIGN_IN_SHOWN_WITHIN_MS / 1000
    expect(page.get_by_label("Your token")).to_be_visible(timeout=(25_000 + SIGN_IN_SHOWN_WITHIN_MS))
    assert time.monotonic() < shows_nothing_by
    shows_nothing(page)


@pytest.mark.long
def test_a_token_that_is_taken_away_ends_a_tab_and_its_websocket(own_dashboard, page):
    come_in(page, own_dashboard)
    value = page.context.cookies()[0]["value"]
    stream = f"{own_dashboard.address}_stcore/stream".replace("http", "ws", 1)
    with connect(stream, additional_headers={"Cookie": f"{COOKIE}={value}"}, subprotocols=["streamlit"], proxy=None):
        pass
    own_dashboard.stop()
    own_dashboard.start(ENTRIES.rpartition(",")[0])
    shows_nothing(page)
    for cookie in (value, ""):
        with pytest.raises(InvalidStatus, match="403"):
            connect(stream, additional_headers={"Cookie": f"{COOKIE}={cookie}"}, subprotocols=["streamlit"], proxy=None)


@pytest.mark.long
def test_without_tokens_there_is_no_sign_out_and_the_first_token_ends_an_open_tab(own_dashboard, page):
    own_dashboard.stop()
    own_dashboard.start("")
    page.goto(f"{own_dashboard.address}overview")
    page.get_by_text(SHOWN).first.wait_for()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
    own_dashboard.stop()
    own_dashboard.start()
    shows_nothing(page)


def test_on_a_telephone_with_its_menu_closed_a_sign_out_elsewhere_counts_too(dashboard, page):
    page.set_viewport_size({"width": 390, "height": 844})
    come_in(page, dashboard)
    page.context.clear_cookies()
    shows_nothing(page)
