"""Sign-in page, sign-in, sign-out, and the current user."""

from __future__ import annotations

from typing import Literal, TypeVar

import structlog
from quart import Blueprint, Response, g
from quart_schema import document_request
from typing_extensions import TypedDict

from api.context import JsonResponse, answer, runtime, static_files
from api.identity import access_guard, address, over_tls, too_many_tries
from api.openapi import BODY_ERRORS, described
from api.payloads import SignInPayload
from api.request_body import read_json
from core.access.cookies import COOKIE
from core.access.roles import ANYBODY, Caller, caller_of
from core.access.tokens import Scope
from core.errors import BadInput, NotSignedIn

log = structlog.get_logger(__name__)
access = Blueprint("access", __name__)
MAX_BODY_BYTES = 4096
"""Maximum body of a sign-in request, which anyone may send."""


AnyResponse = TypeVar("AnyResponse", bound=Response)


class WhoAnswer(TypedDict):
    name: str
    """"" if not signed in, or without a sign-in."""
    scope: Scope | Literal[""]
    sign_in: bool
    """Whether this server requires sign-in."""
    library: bool
    """Whether tasks are listed (GET /api/tasks)."""


@access.get("/sign-in")
@described("Access", media=("text/html",))
async def sign_in_page() -> Response:
    """The sign-in page."""
    return Response(static_files().page("sign-in.html"), mimetype="text/html", headers={"Cache-Control": "no-cache"})


@access.post("/api/sign-in")
@document_request(SignInPayload)
@described("Access", errors=BODY_ERRORS, body_examples={"a token": {"token": "mh_9fQ2bq0L1a5XrDg7uUo3cWm8"}})
async def sign_in() -> JsonResponse[WhoAnswer]:
    """Exchange a token for a cookie that lasts SIGN_IN_TTL."""
    token, guard = (await read_json(SignInPayload, max_bytes=MAX_BODY_BYTES)).token.strip(), access_guard()
    if guard.register.open_to_all:
        raise BadInput("Sign-in is not required on this server.", hint="Open the page.", code="no_sign_in")
    if wait_s := guard.limiter.wait_s(address(), runtime().clock.monotonic()):
        raise too_many_tries(wait_s)
    holder = guard.holder_of(token, address())
    if holder is None:
        raise NotSignedIn("Unknown token.", hint="Copy the complete token, or ask the operator for a new one.")
    guard.limiter.record_success(address())
    log.info("access.signed_in", name=holder.name)
    response = answer(_who(caller_of(holder)))
    return _with_cookie(response, guard.cookie_for(holder), int(runtime().settings.access.sign_in_ttl_s))


@access.post("/api/sign-out")
@described("Access", status=204, errors=(403,))
async def sign_out() -> Response:
    """Delete the sign-in cookie."""
    return _with_cookie(Response(status=204), "", 0)


@access.get("/api/who")
@described("Access")
async def who() -> JsonResponse[WhoAnswer]:
    """The signed-in user, and whether sign-in is required."""
    return answer(_who(g.get("caller")))


def _who(caller: Caller | None) -> WhoAnswer:
    library = runtime().settings.library.enabled
    if caller is None:
        return {"name": "", "scope": "", "sign_in": True, "library": library}
    return {"name": caller.name, "scope": caller.scope, "sign_in": caller is not ANYBODY, "library": library}


def _with_cookie(response: AnyResponse, value: str, life_s: int) -> AnyResponse:
    """Lax: following a link from another site keeps the user signed in; GET requests change nothing."""
    response.set_cookie(COOKIE, value, max_age=life_s, path="/", secure=over_tls(), httponly=True, samesite="Lax")
    return response
