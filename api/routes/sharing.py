"""Give a session to somebody, accept one that was given to you, and end an earlier owner's access."""

from __future__ import annotations

from quart import Blueprint, Response
from quart_schema import document_request

from api.context import runtime
from api.identity import access_guard, caller, role
from api.openapi import BODY_ERRORS, described
from api.request_body import read_json
from core.access.roles import SessionRole
from core.errors import NotAllowed
from core.hunting.orders import TransferOrder

sharing = Blueprint("sharing", __name__, url_prefix="/api/sessions/<sid>")


@sharing.post("/transfer")
@document_request(TransferOrder)
@described(
    "Sessions", status=204, errors=(*BODY_ERRORS, 404, 409),
    body_examples={"a colleague": {"to": "bob", "note": "Slots 3 and 4 are open."}},
)  # fmt: skip
async def transfer_session(sid: str) -> Response:
    """Make somebody else the owner. You lose access at once, unless `keep_access` lets you read and comment.

    400 `no_names` without a sign-in, `unknown_person`. 409 `second_review_open` before both reviewers are done.
    """
    await runtime().sharing.give(sid, await read_json(TransferOrder), caller().name, admin=caller().admin)
    access_guard().forget(sid)
    return Response(status=204)


@sharing.post("/accept")
@described("Sessions", status=204, errors=(404,))
async def accept_session(sid: str) -> Response:
    """Accept a session that was given to you: it no longer waits for you."""
    await runtime().sharing.accept(sid, caller().name)
    return Response(status=204)


@sharing.delete("/readers/<name>")
@described("Sessions", status=204, errors=(403, 404))
async def end_access(sid: str, name: str) -> Response:
    """Take read access from an earlier owner who kept it; an earlier owner may give up their own."""
    if role() is SessionRole.READER and name != caller().name:
        raise NotAllowed("Only the owner can end somebody else's access.", hint="Ask the owner.", code="read_only")
    await runtime().sharing.end_access(sid, name)
    access_guard().forget(sid)
    return Response(status=204)
