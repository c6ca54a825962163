"""Settings, selection and criteria statistics."""

from __future__ import annotations

from quart import Blueprint
from quart_schema import document_request

from api.context import JsonResponse, answer, runtime
from api.openapi import BODY_ERRORS, described
from api.payloads import SelectionPayload
from api.request_body import read_json
from core.hunting.orders import SettingsOrder
from core.hunting.views.reviews import without_cards
from core.hunting.views.sessions import SessionView
from core.review.insights import Insights
from core.review.selection import Proposal

selection = Blueprint("selection", __name__, url_prefix="/api/sessions/<sid>")


@selection.patch("/settings")
@document_request(SettingsOrder)
@described(
    "Sessions", errors=(*BODY_ERRORS, 404, 409),
    body_examples={"blind": {"version": 1, "visibility": "blind"}, "two of two": {"version": 1, "slots": 2}},
)  # fmt: skip
async def change_settings(sid: str) -> JsonResponse[SessionView]:
    """Change the session's settings. Fixed settings are rejected."""
    await runtime().reviews.change_settings(sid, await read_json(SettingsOrder))
    return answer(await runtime().status.snapshot(sid))


@selection.put("/selection")
@document_request(SelectionPayload)
@described(
    "Review", errors=(*BODY_ERRORS, 404, 409),
    body_examples={"two so far": {"hunt_ids": ["r_3mVx0aPq7LkT.4", "r_3mVx0aPq7LkT.1"]}},
)  # fmt: skip
async def choose(sid: str) -> JsonResponse[SessionView]:
    """Save the selection in slot order; it may be incomplete."""
    chosen = await read_json(SelectionPayload)
    await runtime().reviews.choose(sid, chosen.hunt_ids, chosen.version)
    snapshot = await runtime().status.snapshot(sid)
    if snapshot["sealed"]:  # selecting hunts one at a time must not reveal which card is new
        snapshot["reviews"] = without_cards(snapshot["reviews"])
    return answer(snapshot)


@selection.get("/selection/proposal")
@described("Review", errors=(404,))
async def propose(sid: str) -> JsonResponse[Proposal]:
    """Propose a selection that covers the found breaks. Changes nothing."""
    return answer(await runtime().reviews.propose(sid))


@selection.get("/insights")
@described("Review", errors=(404,))
async def show_insights(sid: str) -> JsonResponse[Insights]:
    """Criteria that never vary, always agree or flip, and near-duplicate replies."""
    return answer(await runtime().reviews.insights(sid))
