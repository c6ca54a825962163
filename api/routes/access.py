"""The sign-in: the page for it, a token for a pass, and who is signed in."""

from __future__ import annotations

import structlog
from quart import Blueprint, Response, g
from quart_schema import document_request

from api.bodies import read_json
from api.context import answer, runtime, static_files
from api.describing import OF_A_BODY, described
from api.identity import address, door, over_tls, too_many_tries
from api.payloads import SignInPayload
from api.shapes import WhoAnswer
from core.access.callers import ANYBODY, Caller, caller_of
from core.access.passes import COOKIE
from core.errors import BadInput, NotSignedIn

log = structlog.get_logger(__name__)
access = Blueprint("access", __name__)
MAX_BODY_BYTES = 4096
"""Of a sign-in, since anybody may send one."""


@access.get("/sign-in")
@described("Access", media=("text/html",))
async def sign_in_page() -> Response:
    """The page where people sign in."""
    return Response(static_files().page("sign-in.html"), mimetype="text/html", headers={"Cache-Control": "no-cache"})


@access.post("/api/sign-in")
@document_request(SignInPayload)
@described("Access", WhoAnswer, errors=OF_A_BODY, body_examples={"a token": {"token": "mh_9fQ2bq0L1a5XrDg7uUo3cWm8"}})
async def sign_in() -> Response:
    """A token for a pass, which comes as a cookie and lasts for SIGN_IN_TTL."""
    token, here = (await read_json(SignInPayload, most_bytes=MAX_BODY_BYTES)).token.strip(), door()
    if here.register.open_to_all:
        raise BadInput("Nobody has to sign in here.", hint="Go on to the page.", code="no_sign_in")
    if wait_s := here.brake.wait_s(address(), runtime().clock.monotonic()):
        raise too_many_tries(wait_s)
    holder = here.holder_of(token, address())
    if holder is None:
        raise NotSignedIn("Unknown token.", hint="Copy all of it; the operator can make you another.")
    here.brake.record_success(address())
    log.info("signed in", name=holder.name)
    response = answer(_who(caller_of(holder)))
    return _with_cookie(response, here.pass_for(holder), int(runtime().settings.access.sign_in_ttl_s))


@access.post("/api/sign-out")
@described("Access", status=204, errors=(403,))
async def sign_out() -> Response:
    """Take the pass out of this browser."""
    return _with_cookie(Response(status=204), "", 0)


@access.get("/api/who")
@described("Access", WhoAnswer)
async def who() -> Response:
    """Who is signed in, and whether anybody has to be."""
    return answer(_who(g.get("caller")))


def _who(caller: Caller | None) -> dict[str, object]:
    if caller is None:
        return {"name": "", "scope": "", "sign_in": True}
    return {"name": caller.name, "scope": caller.scope, "sign_in": caller is not ANYBODY}


def _with_cookie(response: Response, value: str, life_s: int) -> Response:
    """Lax: whoever follows a link to the page from elsewhere stays signed in; following links changes nothing."""
    response.set_cookie(COOKIE, value, max_age=life_s, path="/", secure=over_tls(), httponly=True, samesite="Lax")
    return response
