"""What does not reach the application: websockets, HTTP/2, and whatever else a server may hand on.

There are no websockets here, and nobody needs HTTP/2 on this port (nginx speaks it to browsers): Hypercorn would take
both up, h2c by prior knowledge or upgrade, past the limits that count connections and requests of HTTP/1.1.

Headers that the framework fails to read, before any of our error handlers, are rejected here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

from api.errors import error_body
from core.hunting.views.sessions import to_json

NO_WEBSOCKETS = to_json(
    error_body("not_found", "There are no websockets here.", "GET /api/sessions/{sid}/events is a stream over HTTP.")
)
NO_HTTP2 = to_json(error_body("http_version", "This port speaks HTTP/1.1 alone.", "Send the request over HTTP/1.1."))
REJECTION = "websocket.http.response"
RANGES = frozenset({b"range", b"if-range"})
"""Ignored, as HTTP allows: files here are small, and Quart fails on a range counted from the end (`bytes=-5`)."""
CLOSE = ((b"connection", b"close"),)  # the body may still be on its way


class OnlyHttp1:
    """Passes requests of HTTP/1 and the server's own messages on and rejects everything else, whoever asks."""

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
            message, hint = f"The header {name} cannot be read.", "Leave it out, or send what the standard allows."
            await _answer(send, "http.response", 400, to_json(error_body("bad_input", message, hint)), CLOSE)
            return
        headers = [pair for pair in scope["headers"] if pair[0] not in RANGES]
        await self._app(cast("Scope", {**scope, "headers": headers}), receive, send)


def _unreadable(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The header that Werkzeug raises an exception for, "" when there is none: a Host with a part that is empty or
    too long, credentials that are not ASCII."""
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
