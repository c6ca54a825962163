"""The review desk: cards, reviews, reveal."""

from __future__ import annotations

from quart import Blueprint
from quart_schema import document_request
from typing_extensions import TypedDict

from api.context import JsonResponse, answer, rendered, runtime
from api.identity import caller, role
from api.openapi import BODY_ERRORS, described
from api.payloads import RevealPayload
from api.request_body import read_json
from core.access.roles import SessionRole
from core.hunting.orders import ReviewOrder
from core.hunting.views.reviews import CardView, DeskTask, ReviewView
from core.hunting.views.sessions import SessionView
from core.review.corrected_rates import CorrectedRates

reviews = Blueprint("reviews", __name__, url_prefix="/api/sessions/<sid>")
REVIEW = {
    "verdicts": {"C1": "PASS", "C2": "FAIL"},
    "explanation": "It names the capital, but it takes a whole sentence to say it.",
    "based_on": "",
}


class RenderedCard(CardView):
    response_html: str
    """The reply as sanitised HTML."""


class RenderedDesk(DeskTask):
    """The review desk: one card per selected hunt, in an order that does not reveal outcomes."""

    cards: list[RenderedCard]


class ReviewAnswer(TypedDict):
    """The saved review."""

    review: ReviewView


@reviews.get("/desk")
@described("Review", errors=(404,))
async def show_desk(sid: str) -> JsonResponse[RenderedDesk]:
    """The selected replies as cards, in random order. Sealed cards have no number, model or outcome.

    For the second reviewer: the same replies, always sealed, with the second reviewer's own reviews.
    """
    desk = await (runtime().second_reviews if role() is SessionRole.REVIEWER else runtime().reviews).cards(sid)
    return answer(
        {**desk, "cards": [{**card, "response_html": await rendered(card["response"])} for card in desk["cards"]]}
    )


@reviews.put("/reviews/<cid>")
@document_request(ReviewOrder)
@described("Review", errors=(*BODY_ERRORS, 404, 409), body_examples={"a review": REVIEW})
async def save_review(sid: str, cid: str) -> JsonResponse[ReviewAnswer]:
    """Save a review or a draft by card ID; if not sealed, also by hunt ID. The second reviewer saves their own."""
    order = await read_json(ReviewOrder)
    if role() is SessionRole.REVIEWER:
        return answer({"review": await runtime().second_reviews.save_review(sid, cid, order, caller().name)})
    return answer({"review": await runtime().reviews.save_review(sid, cid, order)})


@reviews.get("/corrected-rates")
@described("Review", errors=(404,))
async def show_corrected_rates(sid: str) -> JsonResponse[CorrectedRates]:
    """Break rates of this turn, corrected for what the judge gets wrong. Empty until the reviews are complete."""
    return answer(await runtime().reviews.corrected_rates(sid))


@reviews.post("/reveal")
@document_request(RevealPayload)
@described("Review", errors=(*BODY_ERRORS, 404, 409), optional_body=True, body_examples={"now": {}})
async def reveal(sid: str) -> JsonResponse[SessionView]:
    """Reveal the judge's verdicts beside the reviews, permanently. Repeating it has no effect."""
    wish = await read_json(RevealPayload, optional=True)
    await runtime().reviews.reveal(sid, wish.version)
    return answer(await runtime().status.snapshot(sid))
