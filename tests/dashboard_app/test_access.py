"""With HUNTER_TOKENS the pages show nothing to anyone but admins, even over an open websocket."""

from datetime import UTC, datetime

import httpx
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.access.cookies import COOKIE, new_cookie, read_cookie
from core.access.tokens import Register
from core.status import AdminStatus
from dashboard_app.api_status import StatusUnavailable, ask_status
from tests.api.signing_in import ENTRIES, TOKENS, holders
from tests.dashboard_app.fake_status import STATUS
from tests.dashboard_app.test_main import MAIN


@pytest.fixture
def tokens(monkeypatch):
    monkeypatch.setenv("HUNTER_TOKENS", ENTRIES)


@pytest.fixture
def come(monkeypatch, tokens, api):
    """Shows the first page to somebody whose browser opened the websocket with that cookie."""

    def shown_to(cookie):
        monkeypatch.setattr(type(st.context), "cookies", property(lambda _: {COOKIE: cookie} if cookie else {}))
        return AppTest.from_file(str(MAIN), default_timeout=50).run()

    return shown_to


def pass_of(holder, life_s=600):
    return new_cookie(holder, datetime.now(UTC).timestamp(), life_s)


def shown(test):
    return [header.value for header in test.header]


COOKIES = {
    "none": "",
    "a trainer's": pass_of(holders()[0]),
    "run out": pass_of(holders()[2], -1),
    "a token": TOKENS["root"],
}


@pytest.mark.parametrize("cookie", COOKIES.values(), ids=COOKIES.keys())
def test_a_websocket_without_an_admins_pass_is_shown_nothing(come, api, cookie):
    """It is refused before (sign_in.py); one that stays open while its pass runs out comes so far."""
    test = come(cookie)
    assert not test.exception
    assert (shown(test), len(test.metric), len(test.dataframe), api.asked) == ([], 0, 0, 0)
    assert "has expired" in test.info[0].value


def test_an_admin_sees_who_they_are_and_may_leave(come, api):
    test = come(pass_of(holders()[2]))
    assert shown(test) == ["Live"]
    assert "Signed in as root." in [caption.value for caption in test.sidebar.caption]
    page = test.sidebar.get("html")[0].proto.body
    assert 'data-who="root"' in page
    assert "data-sign-out >" in page
    assert api.asked > 0


def test_without_tokens_there_is_no_button(api):
    page = AppTest.from_file(str(MAIN), default_timeout=50).run().sidebar.get("html")[0].proto.body
    assert 'data-who=""' in page
    assert "data-sign-out hidden>" in page


def test_an_open_house_without_tokens_shows_nothing_but_what_to_do(monkeypatch, api):
    monkeypatch.setenv("PUBLISHED_ON", "0.0.0.0")
    test = AppTest.from_file(str(MAIN), default_timeout=50).run()
    assert (shown(test), api.asked) == ([], 0)
    assert "HUNTER_BIND=0.0.0.0 exposes the server" in test.error[0].value.replace("\\", "")


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
    monkeypatch.setattr(type(st.context), "cookies", property(lambda _: {COOKIE: pass_of(holders()[2])}))
    test = AppTest.from_file(str(MAIN), default_timeout=50).run()
    assert not test.exception
    assert shown(test) == ([] if said else ["Live"])
    assert [said in error.value.replace("\\", "") for error in test.error] == ([True] if said else [])
    assert (api.asked > 0) == (not said)


def test_the_status_is_asked_for_with_a_pass_of_an_admin():
    given = new_cookie(holders()[2], datetime.now(UTC).timestamp(), 60)

    def answer(request):
        cookie = request.headers.get("Cookie", "").removeprefix(f"{COOKIE}=")
        known = read_cookie(cookie, Register(holders()), datetime.now(UTC).timestamp())
        return httpx.Response(200 if known and known.holder.name == "root" else 401, json=STATUS)

    with httpx.Client(base_url="http://api:8000", transport=httpx.MockTransport(answer)) as client:
        assert isinstance(ask_status(client, given), AdminStatus)
        refused = ask_status(client)
    assert isinstance(refused, StatusUnavailable)
    assert "HUNTER_TOKENS" in refused.hint
