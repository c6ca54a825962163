"""The second review: ask for it, finish it, see the agreement, settle differences. Its desk is that of the reviews."""

from __future__ import annotations

from quart import Blueprint, Response
from quart_schema import document_request

from api.context import JsonResponse, answer, runtime
from api.identity import access_guard, caller
from api.openapi import BODY_ERRORS, described
from api.request_body import read_json
from core.hunting.orders import AskReviewerOrder, SettleOrder
from core.hunting.views.second_reviews import SecondReviewView

second_reviews = Blueprint("second_reviews", __name__, url_prefix="/api/sessions/<sid>/second-review")


@second_reviews.post("")
@document_request(AskReviewerOrder)
@described("Review", errors=(*BODY_ERRORS, 404, 409), body_examples={"a colleague": {"reviewer": "bob"}})
async def ask_second_reviewer(sid: str) -> JsonResponse[SecondReviewView]:
    """Ask for an independent second review of the replies on the desk.

    Until the reveal the selection stays as it is; the second reviewer has the desk and nothing else.
    400 `no_names` without a sign-in, `unknown_person`, `not_independent` for somebody who has seen the session.
    """
    order = await read_json(AskReviewerOrder)
    view = await runtime().second_reviews.ask(sid, order.reviewer, caller().name)
    access_guard().forget(sid)
    return answer(view)


@second_reviews.delete("")
@described("Review", status=204, errors=(404, 409))
async def withdraw_second_review(sid: str) -> Response:
    """Take the request back, with the second reviewer's drafts. 409 once they are done."""
    await runtime().second_reviews.withdraw(sid)
    access_guard().forget(sid)
    return Response(status=204)


@second_reviews.get("")
@described("Review", errors=(404,))
async def show_second_review(sid: str) -> JsonResponse[SecondReviewView]:
    """How far the second review is; once both are done, how far the two people agree."""
    return answer(await runtime().second_reviews.show(sid))


@second_reviews.post("/done")
@described("Review", errors=(400, 404, 409))
async def finish_second_review(sid: str) -> JsonResponse[SecondReviewView]:
    """The second reviewer is done, which locks the second review. Only they can say so."""
    view = await runtime().second_reviews.finish(sid, caller().name)
    access_guard().forget(sid)
    return answer(view)


@second_reviews.put("/settled/<cid>/<criterion_id>")
@document_request(SettleOrder)
@described(
    "Review", errors=(*BODY_ERRORS, 404, 409),
    body_examples={"a verdict": {"verdict": "FAIL", "note": "We read the criterion again: it asks for one word."}},
)  # fmt: skip
async def settle_difference(sid: str, cid: str, criterion_id: str) -> JsonResponse[SecondReviewView]:
    """Settle a difference between the two reviews, once both are done. The final review says who did."""
    order = await read_json(SettleOrder)
    return answer(await runtime().second_reviews.settle(sid, cid, criterion_id.upper(), order, caller().name))
