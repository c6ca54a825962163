"""The sign-in, before Streamlit sees a request: only admins reach its pages, its websocket and its downloads.

The pass is in the hunting page's cookie, so a sign-in or sign-out applies to both: cookies ignore ports, and nginx
serves both under one name. An open page polls `who` every few seconds (watch.html) and reloads when the answer changes.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import time
from datetime import UTC, datetime
from html import escape
from math import ceil
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.access.cookies import COOKIE, new_cookie, read_cookie
from core.access.origins import is_foreign
from core.access.proxies import client_address, is_over_tls, is_proxy
from core.access.sign_in_limiter import SignInLimiter
from core.access.tokens import MAX_TOKEN_CHARS, Holder, Register
from core.access.tokens import Scope as Rights
from core.errors import BadSettings
from dashboard_app.allowed_requests import CORE, path_inside
from dashboard_app.configuration import register, settings

OPEN = frozenset({f"{CORE}/health", "favicon.png", "manifest.json"})
OPEN_FOLDER = "static/"
"""Streamlit's static files."""
A_PAGE = re.compile(r"[^/]*")
BODY_TIMEOUT_S = 10.0
FORM = (Path(__file__).parent / "sign_in.html").read_text(encoding="utf-8")
_CODE = "".join(re.findall(r"<script>(.*?)</script>", FORM, re.DOTALL))
POLICY = (
    f"default-src 'none'; script-src 'sha256-{base64.b64encode(hashlib.sha256(_CODE.encode()).digest()).decode()}'; "
    "style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
NO_STORE = {"Cache-Control": "no-store"}


class SignIn:
    """ASGI middleware. `base`: Streamlit's server.baseUrlPath."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self._app = app
        self._base = base
        self._brake = SignInLimiter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        inside = path_inside(scope["path"], self._base)
        if scope["type"] == "http" and (answered := await self._answer(Request(scope, receive), inside)):
            await answered(scope, receive, send)
        elif is_open(inside):
            await self._app(scope, receive, send)
        elif _register().open_to_all or _admin(HTTPConnection(scope)):
            await self._app(scope, receive, _unstored(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refusal(HTTPConnection(scope), inside)(scope, receive, send)

    async def _answer(self, request: Request, inside: str) -> Response | None:
        """Responses of the sign-in's own routes; None for all other requests."""
        match request.method, inside:
            case "GET", "who":
                return _who(request)
            case "POST", "sign-in" | "sign-out" if _of_another_page(request):
                return PlainTextResponse("Requests from another site are not allowed.\n", 403, NO_STORE)
            case "POST", "sign-in":
                return await self._sign_in(request)
            case "POST", "sign-out":
                return _with_cookie(Response(status_code=204, headers=NO_STORE), request, "", 0)
        return None

    async def _sign_in(self, request: Request) -> Response:
        if _register().open_to_all:
            return PlainTextResponse("This server has no sign-in (HUNTER_TOKENS is empty).\n", 400, NO_STORE)
        address, now_s = _address(request), time.monotonic()
        if wait_s := ceil(self._brake.wait_s(address, now_s)):
            said = f"Too many wrong tokens from this address. Try again in {wait_s} s.\n"
            return PlainTextResponse(said, 429, {**NO_STORE, "Retry-After": str(wait_s)})
        holder = _register().by_token(await _read_token(request))
        if holder is None:
            self._brake.record_failure(address, now_s)
            return PlainTextResponse("Unknown token. Copy all of it; it begins with mh_.\n", 401, NO_STORE)
        if holder.scope is not Rights.ADMIN:
            said = f"This token belongs to {holder.name}, a trainer. The dashboard is for admins.\n"
            return PlainTextResponse(said, 403, NO_STORE)
        self._brake.record_success(address)
        life_s = settings().access.sign_in_ttl_s
        given = new_cookie(holder, datetime.now(UTC).timestamp(), life_s)
        return _with_cookie(PlainTextResponse(holder.name, headers=NO_STORE), request, given, int(life_s))


def is_open(inside: str) -> bool:
    """Whether the path needs no sign-in: health and static files."""
    return inside in OPEN or inside.startswith(OPEN_FOLDER)


def _register() -> Register:
    """The holders of tokens; none if the settings are invalid: the page then shows only that error, to everyone."""
    try:
        return register()
    except BadSettings:
        return Register()


def _holder(connection: HTTPConnection) -> Holder | None:
    found = read_cookie(connection.cookies.get(COOKIE, ""), _register(), datetime.now(UTC).timestamp())
    return found.holder if found else None


def _admin(connection: HTTPConnection) -> Holder | None:
    holder = _holder(connection)
    return holder if holder and holder.scope is Rights.ADMIN else None


def _who(request: Request) -> Response:
    """The signed-in admin's name; "" if the server has no sign-in."""
    if _register().open_to_all:
        return PlainTextResponse("", headers=NO_STORE)
    admin = _admin(request)
    return PlainTextResponse(admin.name if admin else "", 200 if admin else 401, NO_STORE)


def _refusal(connection: HTTPConnection, inside: str) -> Response:
    """The sign-in form under the page's own URL, so that the page follows the sign-in; plain 401 for other paths."""
    if connection.scope["method"] not in {"GET", "HEAD"} or not A_PAGE.fullmatch(inside):
        return PlainTextResponse("Not signed in.\n", 401, NO_STORE)
    holder = _holder(connection)
    notice = f"You are signed in as {holder.name}, a trainer." if holder else ""
    page = FORM.replace("{{notice}}", escape(notice)).replace("{{sign_out}}", "" if holder else "hidden")
    return Response(page, 401, {**NO_STORE, "Content-Security-Policy": POLICY}, "text/html")


async def _read_token(request: Request) -> str:
    """The request body. Reading stops beyond the length of any token; the result is then an unknown token."""
    body = b""
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for part in request.stream():
                body += part
                if len(body) > 4 * MAX_TOKEN_CHARS:
                    break
    except (TimeoutError, ClientDisconnect):
        return ""
    return body.decode("utf-8", "replace").strip()


def _by_proxy(connection: HTTPConnection) -> bool:
    peer = connection.client
    return is_proxy(peer.host if peer else None, settings().access.trusted_proxies)


def _address(request: Request) -> str:
    peer = request.client
    return client_address(peer.host if peer else None, request.headers.get("X-Real-IP"), by_proxy=_by_proxy(request))


def _over_tls(request: Request) -> bool:
    forwarded = request.headers.get("X-Forwarded-Proto")
    return is_over_tls(request.url.scheme, forwarded, by_proxy=_by_proxy(request))


def _of_another_page(request: Request) -> bool:
    headers = request.headers
    origin, fetch_site = headers.get("Origin"), headers.get("Sec-Fetch-Site")
    return is_foreign(request.method, headers.get("Host", ""), origin, fetch_site, secure=_over_tls(request))


def _with_cookie(response: Response, request: Request, value: str, life_s: int) -> Response:
    """Set the cookie like the API (api/routes/access.py), so that both accept it."""
    secure = _over_tls(request)
    response.set_cookie(COOKIE, value, max_age=life_s, path="/", secure=secure, httponly=True, samesite="lax")
    return response


def _unstored(send: Send) -> Send:
    """Forbid caching, so that the Back button shows no pages or downloads after a sign-out."""

    async def send_cookie(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Cache-Control"] = "no-store"
        await send(message)

    return send_cookie
