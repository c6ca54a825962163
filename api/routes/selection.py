"""The selection: choose, propose; and what the verdicts so far say about the criteria."""

from __future__ import annotations

from quart import Blueprint, Response
from quart_schema import document_request

from api.bodies import read_json
from api.context import answer, runtime
from api.describing import OF_A_BODY, described
from api.review_payloads import SelectionPayload, SettingsPayload
from api.review_shapes import InsightsAnswer, ProposalAnswer
from api.shapes import SessionAnswer
from core.hunting.orders import SettingsOrder
from core.hunting.views.reviews import insights_view, without_cards

selection = Blueprint("selection", __name__, url_prefix="/api/sessions/<sid>")


@selection.patch("/settings")
@document_request(SettingsPayload)
@described(
    "Sessions", SessionAnswer, errors=(*OF_A_BODY, 404, 409),
    body_examples={"blind": {"version": 1, "visibility": "blind"}, "two of two": {"version": 1, "slots": 2}},
)  # fmt: skip
async def change_settings(sid: str) -> Response:
    """Change the session's settings; what is fixed already is refused."""
    wish = await read_json(SettingsPayload)
    await runtime().desk.change_settings(sid, SettingsOrder(**wish.model_dump()))
    return answer(await runtime().board.snapshot(sid))


@selection.put("/selection")
@document_request(SelectionPayload)
@described(
    "Review", SessionAnswer, errors=(*OF_A_BODY, 404, 409),
    body_examples={"two so far": {"hunt_ids": ["r_3mVx0aPq7LkT.4", "r_3mVx0aPq7LkT.1"]}},
)  # fmt: skip
async def choose(sid: str) -> Response:
    """Choose the hunts that are delivered, in slot order; incomplete choices are kept too."""
    chosen = await read_json(SelectionPayload)
    await runtime().desk.choose(sid, chosen.hunt_ids, chosen.version)
    snapshot = await runtime().board.snapshot(sid)
    if snapshot["sealed"]:  # whoever chooses hunts one by one is not told whose card is new
        snapshot["reviews"] = without_cards(snapshot["reviews"])
    return answer(snapshot)


@selection.get("/selection/proposal")
@described("Review", ProposalAnswer, errors=(404,))
async def propose(sid: str) -> Response:
    """A selection that spans what was found; nothing is changed by asking."""
    proposal = await runtime().desk.propose(sid)
    return answer({"hunt_ids": proposal.hunt_ids, "why": proposal.why})


@selection.get("/insights")
@described("Review", InsightsAnswer, errors=(404,))
async def show_insights(sid: str) -> Response:
    """Criteria that never tell replies apart, fall together or flip, and near-duplicate replies."""
    return answer(insights_view(await runtime().desk.insights(sid)))
