"""With HUNTER_TOKENS the dashboard shows nothing to anybody but admins, over its websocket neither."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import streamlit as st
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from core.access.passes import COOKIE, new_pass, read_pass
from core.access.tokens import Register
from dashboard_app.live import Silence, Status, ask_status
from tests.api.signing_in import ENTRIES, TOKENS, holders
from tests.dashboard_app.records_made_up import MODELS, team_at_work, write_log
from tests.dashboard_app.status_stand_in import STATUS
from tests.dashboard_app.test_dashboard_main import MAIN, ROOT, _wait_until_it_answers, browser_page  # noqa: F401
from tests.house.loopback_only import find_free_port


@pytest.fixture
def tokens(monkeypatch):
    monkeypatch.setenv("HUNTER_TOKENS", ENTRIES)


@pytest.fixture
def gate(tokens, api):
    return AppTest.from_file(str(MAIN), default_timeout=50).run()


def shown(test):
    return [header.value for header in test.header]


def sign_in(test, token):
    test.text_input[0].input(token)
    return next(button for button in test.button if button.label == "Sign in").click().run()


def test_without_a_sign_in_there_is_the_form_and_nothing_else(gate, api):
    assert not gate.exception
    assert shown(gate) == ["Sign in"]
    assert (len(gate.metric), len(gate.dataframe), api.asked) == (0, 0, 0)


@pytest.mark.parametrize(
    ("token", "said"),
    [("", "not known here"), ("mh_wrong", "not known here"), (TOKENS["alice"], "alice, a trainer"),
     (holders()[2].digest.hex(), "not known here")],
)  # fmt: skip
def test_who_is_no_admin_stays_outside_and_is_told_why(gate, api, token, said):
    sign_in(gate, token)
    assert shown(gate) == ["Sign in"]
    assert said in gate.error[0].value
    assert api.asked == 0


def test_an_admin_comes_in_and_leaves(gate, api):
    sign_in(gate, f" {TOKENS['root']} ")
    assert shown(gate) == ["Live"]
    assert "Signed in as root." in [caption.value for caption in gate.sidebar.caption]
    assert api.asked > 0
    gate.run()
    assert shown(gate) == ["Live"]
    next(button for button in gate.sidebar.button if button.label == "Sign out").click().run()
    assert shown(gate) == ["Sign in"]


def test_a_sign_in_that_ran_out_is_asked_for_again(monkeypatch, tokens, api):
    test = AppTest.from_file(str(MAIN), default_timeout=50)
    test.session_state["signed_in_with"] = new_pass(holders()[2], datetime.now(UTC).timestamp() - 61, 60)
    assert shown(test.run()) == ["Sign in"]


def test_an_open_house_without_tokens_shows_nothing_but_what_to_do(monkeypatch, api):
    monkeypatch.setenv("PUBLISHED_ON", "0.0.0.0")
    test = AppTest.from_file(str(MAIN), default_timeout=50).run()
    assert (shown(test), api.asked) == ([], 0)
    assert "HUNTER_BIND=0.0.0.0 lets others in" in test.error[0].value.replace("\\", "")


OURS = {"Host": "localhost:8001", "Origin": "http://localhost:8001"}
REBOUND = {"Host": "evil.example:8001", "Origin": "http://evil.example:8001"}
OTHER_PORT = {**OURS, "Origin": "http://localhost:1234"}


@pytest.mark.parametrize(
    ("entries", "headers", "said"),
    [("", OURS, ""), ("", {"Host": "gate.example", "Origin": "https://gate.example"}, ""), ("", REBOUND, "evil.example"),
     ("", OTHER_PORT, "Another site"), (ENTRIES, REBOUND, ""), (ENTRIES, OTHER_PORT, "Another site"),
     (ENTRIES, {**OURS, "Origin": "null"}, "Another site")],
)  # fmt: skip
def test_a_page_from_elsewhere_is_shown_nothing(monkeypatch, api, entries, headers, said):
    monkeypatch.setattr(type(st.context), "headers", property(lambda _: headers))
    monkeypatch.setenv("HUNTER_TOKENS", entries)
    monkeypatch.setenv("HUNTER_HOSTS", "gate.example")
    test = AppTest.from_file(str(MAIN), default_timeout=50)
    if entries:
        test.session_state["signed_in_with"] = new_pass(holders()[2], datetime.now(UTC).timestamp(), 60)
    test.run()
    assert not test.exception
    assert shown(test) == ([] if said else ["Live"])
    assert [said in error.value.replace("\\", "") for error in test.error] == ([True] if said else [])
    assert (api.asked > 0) == (not said)


def test_the_status_is_asked_for_with_a_pass_of_an_admin():
    given = new_pass(holders()[2], datetime.now(UTC).timestamp(), 60)

    def answer(request):
        cookie = request.headers.get("Cookie", "").removeprefix(f"{COOKIE}=")
        known = read_pass(cookie, Register(holders()), datetime.now(UTC).timestamp())
        return httpx.Response(200 if known and known.holder.name == "root" else 401, json=STATUS)

    with httpx.Client(base_url="http://api:8000", transport=httpx.MockTransport(answer)) as client:
        assert isinstance(ask_status(client, given), Status)
        refused = ask_status(client)
    assert isinstance(refused, Silence)
    assert "HUNTER_TOKENS" in refused.hint


@pytest.fixture
def dashboard(api, log_dir, tmp_path):
    """A real dashboard with tokens, started from the root with its config.toml, and its address."""
    write_log(log_dir, team_at_work(hunts=200, days=5, now=datetime.now(UTC)))
    port = find_free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(MAIN), "--server.port", str(port)]
    environment = {**os.environ, "TELEMETRY_DIR": str(log_dir), "API_URL": api.url, "HUNTER_TOKENS": ENTRIES}
    with (tmp_path / "streamlit.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}/"
        assert "mh_" not in Path(tmp_path / "streamlit.log").read_text()
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(200)
def test_in_a_browser_the_cookie_of_the_hunting_page_lets_admins_in_and_nobody_else(dashboard, browser_page, api):  # noqa: F811
    page, heard = browser_page, []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(frame)))
    model = MODELS[0].name.encode()

    def visit(name, path="overview"):
        heard.clear()
        page.context.clear_cookies()
        if name:
            holder = next(one for one in holders() if one.name == name)
            value = new_pass(holder, datetime.now(UTC).timestamp(), 600)
            page.context.add_cookies([{"name": COOKIE, "value": value, "url": dashboard, "httpOnly": True}])
        page.goto(dashboard + path)

    for name, said in (("", "need not do it again"), ("alice", "You are signed in as alice, a trainer.")):
        visit(name)
        page.get_by_text(said).wait_for()
        assert heard
        assert not any(model in frame for frame in heard)
    assert api.asked == 0
    visit("root")
    page.get_by_text("Break rate by model").first.wait_for()
    page.get_by_text("Signed in as root.").wait_for()
    assert any(model in frame for frame in heard)
    visit("")
    page.get_by_label("Your token").fill(TOKENS["root"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Break rate by model").first.wait_for()
    expect(page.get_by_label("Your token")).to_have_count(0)
