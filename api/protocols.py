"""What does not reach the application: websockets, HTTP/2, and whatever else a server may hand on.

There are no websockets here, and nobody needs HTTP/2 on this port (nginx speaks it to browsers): Hypercorn would take
both up, h2c by prior knowledge or upgrade, past the limits that count connections and requests of HTTP/1.1.
"""

from __future__ import annotations

from typing import Any

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

from api.errors import error_body
from core.hunt.views import to_json

NO_WEBSOCKETS = to_json(
    error_body("not_found", "There are no websockets here.", "GET /api/sessions/{sid}/events is a stream over HTTP.")
)
NO_HTTP2 = to_json(error_body("http_version", "This port speaks HTTP/1.1 alone.", "Send the request over HTTP/1.1."))
REJECTION = "websocket.http.response"


class OnlyHttp1:
    """Passes requests of HTTP/1 and the server's own messages on and rejects everything else, whoever asks."""

    def __init__(self, app: ASGIFramework) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "websocket":
            await _reject_websocket(scope, receive, send)
        elif scope["type"] == "http" and scope["http_version"].startswith("2"):
            await _answer(send, "http.response", 505, NO_HTTP2)
        elif scope["type"] in {"http", "lifespan"}:
            await self._app(scope, receive, send)


async def _reject_websocket(scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    await receive()
    if REJECTION in (scope.get("extensions") or {}):
        await _answer(send, REJECTION, 404, NO_WEBSOCKETS)
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": ""})


async def _answer(send: Any, kind: str, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body, "more_body": False})
