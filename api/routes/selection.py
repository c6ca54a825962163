"""Settings, selection and criteria statistics."""

from __future__ import annotations

from quart import Blueprint, Response
from quart_schema import document_request

from api.bodies import read_json
from api.context import answer, runtime
from api.describing import BODY_ERRORS, described
from api.review_payloads import SelectionPayload, SettingsPayload
from api.review_shapes import InsightsAnswer, ProposalAnswer
from api.shapes import SessionAnswer
from core.hunting.orders import SettingsOrder
from core.hunting.views.reviews import insights_view, without_cards

selection = Blueprint("selection", __name__, url_prefix="/api/sessions/<sid>")


@selection.patch("/settings")
@document_request(SettingsPayload)
@described(
    "Sessions", SessionAnswer, errors=(*BODY_ERRORS, 404, 409),
    body_examples={"blind": {"version": 1, "visibility": "blind"}, "two of two": {"version": 1, "slots": 2}},
)  # fmt: skip
async def change_settings(sid: str) -> Response:
    """Change the session's settings. Fixed settings are rejected."""
    wish = await read_json(SettingsPayload)
    await runtime().desk.change_settings(sid, SettingsOrder(**wish.model_dump()))
    return answer(await runtime().board.snapshot(sid))


@selection.put("/selection")
@document_request(SelectionPayload)
@described(
    "Review", SessionAnswer, errors=(*BODY_ERRORS, 404, 409),
    body_examples={"two so far": {"hunt_ids": ["r_3mVx0aPq7LkT.4", "r_3mVx0aPq7LkT.1"]}},
)  # fmt: skip
async def choose(sid: str) -> Response:
    """Save the selection in slot order; it may be incomplete."""
    chosen = await read_json(SelectionPayload)
    await runtime().desk.choose(sid, chosen.hunt_ids, chosen.version)
    snapshot = await runtime().board.snapshot(sid)
    if snapshot["sealed"]:  # selecting hunts one at a time must not reveal which card is new
        snapshot["reviews"] = without_cards(snapshot["reviews"])
    return answer(snapshot)


@selection.get("/selection/proposal")
@described("Review", ProposalAnswer, errors=(404,))
async def propose(sid: str) -> Response:
    """Propose a selection that covers the found breaks. Changes nothing."""
    proposal = await runtime().desk.propose(sid)
    return answer({"hunt_ids": proposal.hunt_ids, "why": proposal.why})


@selection.get("/insights")
@described("Review", InsightsAnswer, errors=(404,))
async def show_insights(sid: str) -> Response:
    """Criteria that never vary, always agree or flip, and near-duplicate replies."""
    return answer(insights_view(await runtime().desk.insights(sid)))
