"""Rejects websockets, HTTP/2 and other protocols before they reach the application.

The API has no websockets, and this port needs no HTTP/2 (nginx offers it to browsers). Hypercorn would accept both, h2c
by prior knowledge or upgrade, and bypass the connection and request limits of HTTP/1.1.

Headers that make the framework fail before our error handlers run are rejected too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

from api.errors import error_body
from core.hunting.views.serialize import to_json

NO_WEBSOCKETS = to_json(
    error_body(
        "not_found", "Websockets are not supported.", "Use the HTTP event stream GET /api/sessions/{sid}/events."
    )
)
NO_HTTP2 = to_json(error_body("http_version", "This port supports HTTP/1.1 only.", "Send the request over HTTP/1.1."))
REJECTION = "websocket.http.response"
RANGES = frozenset({b"range", b"if-range"})
"""Ignored, as HTTP allows: the files are small, and Quart fails on suffix ranges (`bytes=-5`)."""
CLOSE = ((b"connection", b"close"),)  # the client may still be sending the body


class OnlyHttp1:
    """Passes HTTP/1 requests and lifespan messages to the app and rejects everything else."""

    def __init__(self, app: ASGIFramework) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "websocket":
            await _reject_websocket(scope, receive, send)
        elif scope["type"] == "http" and scope["http_version"].startswith("2"):
            await _answer(send, "http.response", 505, NO_HTTP2)
        elif scope["type"] == "http":
            await self._pass_on(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)

    async def _pass_on(self, scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if name := _unreadable(scope["headers"]):
            message, hint = f"Invalid header {name}.", "Remove it, or send a valid value."
            await _answer(send, "http.response", 400, to_json(error_body("bad_input", message, hint)), CLOSE)
            return
        headers = [pair for pair in scope["headers"] if pair[0] not in RANGES]
        await self._app(cast("Scope", {**scope, "headers": headers}), receive, send)


def _unreadable(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The header that Werkzeug fails on, "" if there is none: a Host with an empty or overlong label, credentials that
    are not ASCII."""
    for name, value in headers:
        try:
            if name == b"host":
                value.decode("latin-1").partition(":")[0].encode("idna")
            elif name == b"authorization":
                value.decode("ascii")
        except UnicodeError:
            return name.decode().title()
    return ""


async def _reject_websocket(scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    await receive()
    if REJECTION in (scope.get("extensions") or {}):
        await _answer(send, REJECTION, 404, NO_WEBSOCKETS)
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": ""})


async def _answer(send: Any, kind: str, status: int, body: bytes, more: Sequence[tuple[bytes, bytes]] = ()) -> None:
    headers = [
        *more,
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body, "more_body": False})
