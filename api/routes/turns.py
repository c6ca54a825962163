"""Conversations: start the next turn, undo it, list an earlier turn's hunts."""

from __future__ import annotations

from quart import Blueprint
from quart_schema import document_request, validate_querystring

from api.context import JsonResponse, answer, runtime
from api.openapi import BODY_ERRORS, IDEMPOTENCY_KEY, described
from api.payloads import HuntsQuery
from api.request_body import idempotency_key, read_json
from core.errors import NotFound
from core.hunting.hunts.queries import hunts_of_turn
from core.hunting.orders import TurnOrder, TurnRequest
from core.hunting.views.hunts import HuntsPage, shown_hunt
from core.hunting.views.sessions import SessionView

turns = Blueprint("turns", __name__, url_prefix="/api/sessions/<sid>/turns")
NEXT = {
    "hunt_id": "r_3mVx0aPq7LkT.2",
    "prompt": "And of Italy?",
    "response": "Rome",
    "criteria": [
        {"id": f"C{n}", "text": text}
        for n, text in enumerate(("Says Rome.", "Is one word.", "Names no other city."), 1)
    ],
}


@turns.post("")
@document_request(TurnRequest)
@described(
    "Turns", status=201, errors=(*BODY_ERRORS, 404, 409), headers=(IDEMPOTENCY_KEY,),
    body_examples={"and of Italy": NEXT},
)  # fmt: skip
async def add_turn(sid: str) -> JsonResponse[SessionView]:
    """Close this turn with a held hunt's reply and start the next one with a new prompt and new criteria."""
    order = TurnOrder(**(await read_json(TurnRequest)).model_dump(), idempotency_key=idempotency_key())
    await runtime().turns.add_turn(sid, order)
    return answer(await runtime().status.snapshot(sid), 201, Location=f"/api/sessions/{sid}")


@turns.delete("/<turn>")
@described("Turns", errors=(404, 409))
async def undo_turn(sid: str, turn: str) -> JsonResponse[SessionView]:
    """Undo the last turn, which has no run, trial or check: back to the task and selection before it."""
    await runtime().turns.undo_turn(sid, turn)
    return answer(await runtime().status.snapshot(sid))


@turns.get("/<turn>/hunts")
@described("Turns", errors=(400, 404))
@validate_querystring(HuntsQuery)
async def list_hunts_of_turn(sid: str, turn: str, query_args: HuntsQuery) -> JsonResponse[HuntsPage]:
    """A turn's hunts by number, paginated."""
    session = await runtime().store.read(sid)
    known = {str(number) for number in range(1, session.turn + 1)}
    if turn not in known:
        raise NotFound(f"This session has no turn {turn[:20]}.", hint=f"It has {len(known)}.", code="no_turn")
    page = await hunts_of_turn(runtime().store, session, int(turn), after=query_args.after, limit=query_args.limit)
    shown = [shown_hunt(session, hunt, texts=query_args.texts) for hunt in page.hunts]
    return answer({"hunts": shown, "next": page.next})
