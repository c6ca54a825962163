"""Restricts the dashboard's port to read requests on the paths that its pages need, and one websocket.

Streamlit also serves, without a sign-in: uploads, which stay in memory, its metrics, an interface for agents,
components, and a sign-in of its own. The dashboard uses none of them. nginx blocks the same paths
(nginx/dashboard.conf); this filter also works without nginx.
"""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CORE = "_stcore"
CORE_PATHS = frozenset({f"{CORE}/health", f"{CORE}/host-config"})
WEBSOCKET = f"{CORE}/stream"
CLOSED = frozenset({CORE, "component", "auth", "oauth2callback"})
"""First path segments, with or without the base path."""
MAX_SOCKETS = 500
"""Maximum open websockets in total: each keeps a Streamlit session of some hundred kB, signed in or not."""
TRY_AGAIN_LATER = 1013


class RequestFilter:
    """ASGI middleware. `base`: Streamlit's server.baseUrlPath."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self._app = app
        self._base = base
        self._sockets = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refused := self._refusal(scope["method"], scope["path"])):
            await refused(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._open_socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, method: str, path: str) -> PlainTextResponse | None:
        if method not in METHODS:
            return PlainTextResponse("The dashboard is read-only.\n", 405, {"Allow": ", ".join(sorted(METHODS))})
        inside = path_inside(path, self._base)
        if inside.split("/")[0] in CLOSED and inside not in CORE_PATHS:
            return PlainTextResponse("Not found.\n", 404)
        return None

    async def _open_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if path_inside(scope["path"], self._base) != WEBSOCKET or self._sockets >= MAX_SOCKETS:
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
            return
        self._sockets += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._sockets -= 1


def path_inside(path: str, base: str) -> str:
    """The path without Streamlit's server.baseUrlPath and leading slashes; Streamlit's router needs the exact path."""
    prefix = f"/{base.strip('/')}/" if base.strip("/") else "/"
    return path.removeprefix(prefix).lstrip("/")
