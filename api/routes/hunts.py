"""Hunts: pages of them, and one with everything about it."""

from __future__ import annotations

import json

from quart import Blueprint, Response
from quart_schema import document_request, validate_querystring

from api.bodies import idempotency_key, read_json
from api.context import answer, rendered, runtime
from api.describing import IDEMPOTENCY_KEY, OF_A_BODY, described
from api.payloads import HuntsQuery
from api.review_payloads import RejudgePayload
from api.shapes import HuntAnswer, HuntsAnswer, HuntShape
from core.domain.hunt import Hunt
from core.domain.session import Session
from core.hunting.hunts.queries import hunts_of_turn
from core.hunting.orders import RejudgeOrder
from core.hunting.views.sessions import JsonObject, hunt_view, judged_view

hunts = Blueprint("hunts", __name__, url_prefix="/api/sessions/<sid>/hunts")


@hunts.get("")
@described("Hunts", HuntsAnswer, errors=(400, 404))
@validate_querystring(HuntsQuery)
async def list_hunts(sid: str, query_args: HuntsQuery) -> Response:
    """Hunts by number, a page at a time. Hunts that have not begun are not among them."""
    store, session = runtime().store, await runtime().store.read(sid)
    if query_args.turn is None:
        page = await store.hunts(sid, after=query_args.after, limit=query_args.limit, run_id=query_args.run_id)
    else:
        page = await hunts_of_turn(store, session, query_args.turn, after=query_args.after, limit=query_args.limit)
    shown = [hunt_view(hunt, sealed=session.sealed, texts=query_args.texts) for hunt in page.hunts]
    return answer({"hunts": shown, "next": page.next})


@hunts.get("/<hid>")
@described("Hunts", HuntAnswer, errors=(404,))
async def show_hunt(sid: str, hid: str) -> Response:
    """One hunt whole: reply as text and as sanitised HTML, reasoning, raw request and reply."""
    session = await runtime().store.read(sid)
    hunt = await runtime().store.hunt(sid, hid)
    view = hunt_view(hunt, sealed=session.sealed, texts=True)
    view["response_html"] = await rendered(hunt.reply.text) if hunt.reply else ""
    view["judged"] = judged_view(hunt, sealed=session.sealed)
    return answer(view | _raw(hunt, session))


@hunts.post("/<hid>/rejudge")
@document_request(RejudgePayload)
@described(
    "Hunts", HuntShape, status=202, errors=(*OF_A_BODY, 404, 409), headers=(IDEMPOTENCY_KEY,), optional_body=True,
    body_examples={"all criteria": {}, "one criterion": {"criterion_ids": ["C2"]}},
)  # fmt: skip
async def rejudge(sid: str, hid: str) -> Response:
    """Have a reply judged again, wholly or on some criteria; the earlier judging goes to its history."""
    wish = await read_json(RejudgePayload, optional=True)
    order = RejudgeOrder(**wish.model_dump(), idempotency_key=idempotency_key())
    return await _changed(sid, await runtime().workbench.rejudge(sid, hid, order))


@hunts.post("/<hid>/cancel")
@described("Hunts", HuntShape, status=202, errors=(403, 404))
async def cancel_hunt(sid: str, hid: str) -> Response:
    """End one hunt; its end arrives as an event. One that is done is returned as it is."""
    return await _changed(sid, await runtime().workbench.cancel_hunt(sid, hid))


async def _changed(sid: str, hunt: Hunt) -> Response:
    session = await runtime().store.read(sid)
    return answer(hunt_view(hunt, sealed=session.sealed, texts=False), 202)


def _raw(hunt: Hunt, session: Session) -> JsonObject:
    """Request and reply as they went over the wire, put together again from what is kept of them."""
    if hunt.reply is None:
        return {"raw_request": None, "raw_reply": hunt.error.raw if hunt.error else None}
    run = session.run(hunt.run_id)
    messages = [message.model_dump() for message in session.history(run.turn)]
    messages.append({"role": "user", "content": run.task.prompt})
    request = {**_object(hunt.reply.raw_request), "messages": messages}
    reply = {**_object(hunt.reply.raw_reply), "content": hunt.reply.text}
    if hunt.reply.reasoning:
        reply["reasoning"] = hunt.reply.reasoning
    return {"raw_request": _pretty(request), "raw_reply": _pretty(reply)}


def _object(text: str) -> JsonObject:
    return dict(json.loads(text)) if text else {}


def _pretty(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
