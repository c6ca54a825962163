"""The review desk: cards, reviews, reveal."""

from __future__ import annotations

from quart import Blueprint, Response
from quart_schema import document_request

from api.bodies import read_json
from api.context import answer, rendered, runtime
from api.describing import BODY_ERRORS, described
from api.review_payloads import RevealPayload, ReviewPayload
from api.review_shapes import DeskAnswer, ReviewAnswer
from api.shapes import SessionAnswer
from core.domain.verdict import Verdict
from core.hunting.orders import ReviewOrder

reviews = Blueprint("reviews", __name__, url_prefix="/api/sessions/<sid>")
REVIEW = {
    "verdicts": {"C1": "PASS", "C2": "FAIL"},
    "explanation": "It names the capital, but it takes a whole sentence to say it.",
    "based_on": "",
}


@reviews.get("/desk")
@described("Review", DeskAnswer, errors=(404,))
async def show_desk(sid: str) -> Response:
    """The selected replies as cards, in random order. Sealed cards have no number, model or outcome."""
    desk = await runtime().desk.desk(sid)
    for card in desk["cards"]:
        card["response_html"] = await rendered(card["response"])
    return answer(desk)


@reviews.put("/reviews/<cid>")
@document_request(ReviewPayload)
@described("Review", ReviewAnswer, errors=(*BODY_ERRORS, 404, 409), body_examples={"a review": REVIEW})
async def save_review(sid: str, cid: str) -> Response:
    """Save a review or a draft by card ID; if not sealed, also by hunt ID."""
    payload = await read_json(ReviewPayload)
    verdicts = tuple((criterion, Verdict(verdict)) for criterion, verdict in payload.verdicts.items())
    order = ReviewOrder(verdicts=verdicts, explanation=payload.explanation, based_on=payload.based_on)
    return answer({"review": await runtime().desk.save_review(sid, cid, order)})


@reviews.post("/reveal")
@document_request(RevealPayload)
@described("Review", SessionAnswer, errors=(*BODY_ERRORS, 404, 409), optional_body=True, body_examples={"now": {}})
async def reveal(sid: str) -> Response:
    """Reveal the judge's verdicts beside the reviews, permanently. Repeating it has no effect."""
    wish = await read_json(RevealPayload, optional=True)
    await runtime().desk.reveal(sid, wish.version)
    return answer(await runtime().board.snapshot(sid))
