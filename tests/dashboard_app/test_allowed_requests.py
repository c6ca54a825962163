"""Without a sign-in, the dashboard's port serves only what its page needs."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from dashboard_app import allowed_requests
from dashboard_app.allowed_requests import RequestFilter


async def reached(request):
    return PlainTextResponse("reached")


async def talk(websocket):
    await websocket.accept()
    await websocket.receive()


@pytest.fixture(params=["", "dashboard", "/a/b/"])
def port(request):
    """(client, base path) of a server behind the filter that accepts every request."""
    base = f"/{request.param.strip('/')}".rstrip("/")
    every = [
        WebSocketRoute("/{path:path}", talk),
        Route("/{path:path}", reached, methods=["GET", "PUT", "POST", "DELETE", "OPTIONS"]),
    ]
    return TestClient(RequestFilter(Starlette(routes=every), base=request.param)), base


@pytest.mark.parametrize(
    "path",
    [
        "",
        "alarms",
        "hunt?id=1",
        "static/js/index.js",
        "media/abc.csv",
        "_stcore/health",
        "_stcore/host-config",
        "authors",
    ],
)
def test_what_the_page_needs_is_answered(port, path):
    client, base = port
    assert client.get(f"{base}/{path}").text == "reached"


@pytest.mark.parametrize(
    "path",
    ["_stcore/upload_file/a/b", "_stcore/metrics", "_stcore/script-health-check", "_stcore/agent/interact", "_stcore/agent/mcp",
     "_stcore/bidi-components/x/y.js", "_stcore", "_stcore/health/x", "component/x/index.html", "auth/login", "oauth2callback",
     "/_stcore/metrics", "%5Fstcore/metrics", "_stcore/../_stcore/metrics"],
)  # fmt: skip
def test_what_streamlit_opens_besides_is_not_there(port, path):
    client, base = port
    assert client.get(f"http://testserver{base}/{path}").status_code == 404
    assert client.get(f"http://testserver/{path}").status_code == 404, "without the base path neither"


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["_stcore/upload_file/a/b", "_stcore/agent/interact", "", "_stcore/health"])
def test_nothing_is_sent_here(port, method, path):
    client, base = port
    assert client.request(method, f"{base}/{path}", content=b"x" * 100_000).status_code == 405


def test_there_is_one_websocket_and_a_limit_on_those_who_hold_it(port, monkeypatch):
    client, base = port
    monkeypatch.setattr(allowed_requests, "MAX_SOCKETS", 2)
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"{base}/_stcore/other"):
        pass
    stream = f"{base}/_stcore/stream"
    for _ in range(3):  # who has left is not counted
        with (
            client.websocket_connect(stream),
            client.websocket_connect(stream),
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect(stream),
        ):
            pass
