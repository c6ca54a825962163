"""The sign-in before Streamlit: access, the cookie, requests from other sites, and the rate limit."""

import re
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from core.access.cookies import COOKIE, new_cookie
from dashboard_app.allowed_requests import RequestFilter
from dashboard_app.sign_in import SignIn
from tests.api.signing_in import ENTRIES, TOKENS, holders

ALICE, BOB, ROOT = holders()
BASES = ["", "dashboard", "/a/b/"]


def pass_of(holder, life_s=600):
    return new_cookie(holder, datetime.now(UTC).timestamp(), life_s)


async def reached(request):
    return PlainTextResponse("reached", headers={"Cache-Control": "public, max-age=999"})


async def talk(websocket):
    await websocket.accept()
    await websocket.send_text("reached")
    await websocket.receive()


def open_port(base="", peer="testclient", url="http://hunter.example"):
    routes = [WebSocketRoute("/{path:path}", talk), Route("/{path:path}", reached, methods=["GET", "POST", "PUT"])]
    app = Starlette(routes=routes, middleware=[Middleware(SignIn, base=base), Middleware(RequestFilter, base=base)])
    return TestClient(app, base_url=f"{url}/{base.strip('/')}".rstrip("/") + "/", client=(peer, 50000))


@pytest.fixture(params=BASES)
def base(request):
    return request.param


@pytest.fixture
def tokens(monkeypatch):
    monkeypatch.setenv("HUNTER_TOKENS", ENTRIES)
    st.cache_resource.clear()


def allowed(client, cookie=None):
    """(page, who, download, websocket) for a client with that cookie."""
    if cookie is not None:
        client.cookies = {COOKIE: cookie}
    page, who, file = (client.get(path) for path in ("overview?period=30d", "who", "media/abc.csv"))
    socket = "refused"
    with (
        suppress(WebSocketDisconnect),
        client.websocket_connect(str(client.base_url.join("_stcore/stream")).replace("http", "ws", 1)) as stream,
    ):
        socket = stream.receive_text()
    return page.text == "reached", (who.status_code, who.text), file.text == "reached", socket == "reached"


NOTHING = (False, (401, ""), False, False)


def test_without_a_pass_there_is_the_form_and_what_says_how_we_are(tokens, base):
    client = open_port(base)
    assert allowed(client) == NOTHING
    page = client.get("overview")
    assert page.status_code == 401
    assert "Your token" in page.text
    assert "{{" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    for path in ("_stcore/health", "static/js/index.js", "favicon.png"):
        assert client.get(path).text == "reached", path
    for path in ("_stcore/host-config", "_stcore/metrics", "component/x/y", "a/b"):
        assert (client.get(path).status_code, "form" in client.get(path).text) == (401, False), path
    assert client.put("_stcore/upload_file/a/b", content=b"x").status_code == 401


def bad_passes():
    good = pass_of(ROOT)
    return {"none": "", "run out": pass_of(ROOT, -1), "a trainer's": pass_of(ALICE), "cut": good[:-1],
            "another's": good.replace("root", "alice"), "a token": TOKENS["root"], "long": "x" * 5000}  # fmt: skip


@pytest.mark.parametrize("cookie", bad_passes().values(), ids=bad_passes().keys())
def test_a_pass_that_is_none_of_an_admin_shows_nothing(tokens, cookie):
    assert allowed(open_port(), cookie) == NOTHING


def test_an_admins_pass_shows_all_and_nothing_of_it_is_stored(tokens, base):
    client = open_port(base)
    assert allowed(client, pass_of(ROOT)) == (True, (200, "root"), True, True)
    assert client.get("overview").headers["Cache-Control"] == "no-store"
    assert client.get("static/js/index.js").headers["Cache-Control"] == "public, max-age=999"


def test_a_token_that_is_taken_away_takes_its_pass_along(tokens, monkeypatch):
    client = open_port()
    assert allowed(client, pass_of(ROOT))[0]
    monkeypatch.setenv("HUNTER_TOKENS", ENTRIES.rpartition(",")[0])
    st.cache_resource.clear()  # a restart
    assert allowed(client) == NOTHING


def test_without_tokens_everybody_may_look_and_there_is_no_sign_in(base):
    client = open_port(base)
    assert allowed(client) == (True, (200, ""), True, True)
    assert client.post("sign-in", content=TOKENS["root"]).status_code == 400


def test_unreadable_settings_are_reported_on_the_page(monkeypatch):
    monkeypatch.setenv("DASHBOARD_REFRESH", "often")
    assert open_port().get("").text == "reached"


def test_a_sign_in_and_a_sign_out(tokens, base):
    client = open_port(base)
    came = client.post("sign-in", content=f" {TOKENS['root']}\n", headers={"Origin": "http://hunter.example"})
    assert (came.status_code, came.text) == (200, "root")
    parts = {part.strip() for part in came.headers["Set-Cookie"].split(";")}
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"} <= parts
    assert "Secure" not in parts
    assert allowed(client) == (True, (200, "root"), True, True)
    left = client.post("sign-out", headers={"Origin": "http://hunter.example"})
    assert left.status_code == 204
    assert "Max-Age=0" in left.headers["Set-Cookie"]
    assert allowed(client) == NOTHING


@pytest.mark.parametrize(
    ("token", "status", "said"),
    [("", 401, "Unknown token"), ("mh_wrong", 401, "Unknown token"), ("x" * 100_000, 401, "Unknown token"),
     (ROOT.digest.hex(), 401, "Unknown token"), (TOKENS["alice"], 403, "alice, a trainer"), (b"\xff\x00", 401, "Unknown")],
)  # fmt: skip
def test_a_trainer_is_denied_access_with_the_reason(tokens, token, status, said):
    client = open_port()
    refused = client.post("sign-in", content=token)
    assert refused.status_code == status
    assert said in refused.text
    assert "Set-Cookie" not in refused.headers
    assert allowed(client) == NOTHING


def test_a_trainer_reads_who_they_are_and_may_leave(tokens):
    client = open_port()
    client.cookies = {COOKIE: pass_of(ALICE)}
    page = client.get("").text
    assert "You are signed in as alice, a trainer." in page
    assert re.search(r'class="quiet" *>Sign out', page)
    assert re.search(r'class="quiet" hidden>Sign out', open_port().get("").text)


FOREIGN = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://hunter.example:8000"}, {"Origin": ""},
           {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://hunter.example", "Sec-Fetch-Site": "same-site"},
           {"Origin": "http://hunter.example", "X-Forwarded-Proto": "https"}]  # fmt: skip


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["sign-in", "sign-out"])
def test_another_sites_page_signs_nobody_in_or_out(tokens, headers, path):
    refused = open_port().post(path, content=TOKENS["root"], headers=headers)
    assert refused.status_code == 403
    assert "Set-Cookie" not in refused.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_nobody_is_signed_out_by_a_link_or_a_picture(tokens, method):
    client = open_port()
    client.cookies = {COOKIE: pass_of(ROOT)}
    assert "Set-Cookie" not in client.request(method, "sign-out").headers


@pytest.mark.parametrize(
    ("peer", "trusted", "url", "forwarded", "secure"),
    [("127.0.0.1", "", "http://hunter.example", "https", True), ("10.0.0.7", "", "http://hunter.example", "https", False),
     ("10.0.0.7", "private", "http://hunter.example", "https", True), ("10.0.0.7", "", "https://hunter.example", None, True)],
)  # fmt: skip
def test_over_tls_the_cookie_is_for_tls_alone(tokens, monkeypatch, peer, trusted, url, forwarded, secure):
    monkeypatch.setenv("TRUSTED_PROXIES", trusted)
    st.cache_resource.clear()
    headers = {"X-Forwarded-Proto": forwarded} if forwarded else {}
    client = open_port(peer=peer, url=url)
    for path in ("sign-in", "sign-out"):
        answer = client.post(path, content=TOKENS["root"], headers=headers)
        assert ("Secure" in answer.headers["Set-Cookie"]) is secure


@pytest.mark.parametrize(
    ("peer", "trusted", "braked"),
    [("10.0.0.7", "", True), ("10.0.0.7", "10.0.0.0/24", False), ("127.0.0.1", "", False)],
)
def test_a_new_name_for_each_try_is_believed_of_proxies_alone(tokens, monkeypatch, peer, trusted, braked):
    monkeypatch.setenv("TRUSTED_PROXIES", trusted)
    st.cache_resource.clear()
    client = open_port(peer=peer)
    tries = [client.post("sign-in", content="mh_wrong", headers={"X-Real-IP": f"203.0.113.{n}"}) for n in range(8)]
    assert [answer.status_code for answer in tries] == [401] * 5 + [429 if braked else 401] * 3
    if braked:
        assert 1 <= int(tries[-1].headers["Retry-After"]) <= 30
        assert client.post("sign-in", content=TOKENS["root"]).status_code == 429
