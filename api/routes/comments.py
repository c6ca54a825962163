"""Comments on a hunt or a criterion, for those who see the session."""

from __future__ import annotations

import secrets

from quart import Blueprint, Response
from quart_schema import document_request
from typing_extensions import TypedDict

from api.context import JsonResponse, answer, runtime
from api.identity import caller
from api.openapi import BODY_ERRORS, described
from api.request_body import read_json
from core.domain.sharing import Comment
from core.hunting.orders import CommentOrder

comments = Blueprint("comments", __name__, url_prefix="/api/sessions/<sid>/comments")
COMMENT_ENTROPY_BYTES = 9


class CommentsAnswer(TypedDict):
    """All comments of a session, oldest first."""

    comments: tuple[Comment, ...]


class CommentAnswer(TypedDict):
    """The new comment."""

    comment: Comment


@comments.get("")
@described("Sessions", errors=(404,))
async def list_comments(sid: str) -> JsonResponse[CommentsAnswer]:
    """All comments, oldest first. A second reviewer has none of them."""
    return answer({"comments": await runtime().sharing.comments(sid)})


@comments.post("")
@document_request(CommentOrder)
@described(
    "Sessions", status=201, errors=(*BODY_ERRORS, 404),
    body_examples={"on a criterion": {"criterion_id": "C2", "text": "Does a contraction count as one word?"}},
)  # fmt: skip
async def add_comment(sid: str) -> JsonResponse[CommentAnswer]:
    """Comment on a hunt or a criterion, with at most 2,000 characters. A session has at most 500 comments."""
    made = await runtime().sharing.comment(
        sid, await read_json(CommentOrder), caller().name, f"m_{secrets.token_urlsafe(COMMENT_ENTROPY_BYTES)}"
    )
    return answer({"comment": made}, 201, Location=f"/api/sessions/{sid}/comments")


@comments.delete("/<comment_id>")
@described("Sessions", status=204, errors=(403, 404))
async def delete_comment(sid: str, comment_id: str) -> Response:
    """Delete your own comment; an admin deletes any."""
    await runtime().sharing.delete_comment(sid, comment_id, caller().name, admin=caller().admin)
    return Response(status=204)
