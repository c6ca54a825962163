"""Hunts: list, show, rejudge, cancel."""

from __future__ import annotations

import json
from typing import Any

from quart import Blueprint
from quart_schema import document_request, validate_querystring

from api.bodies import idempotency_key, read_json
from api.context import JsonResponse, answer, rendered, runtime
from api.describing import BODY_ERRORS, IDEMPOTENCY_KEY, described
from api.payloads import HuntsQuery
from core.domain.hunt import Hunt
from core.domain.session import Session
from core.hunting.hunts.queries import hunts_of_turn
from core.hunting.orders import RejudgeOrder, RejudgeRequest
from core.hunting.views.hunts import HuntsPage, HuntView, JudgingView, hunt_view, judged_view

hunts = Blueprint("hunts", __name__, url_prefix="/api/sessions/<sid>/hunts")


class HuntDetails(HuntView):
    """A complete hunt."""

    response_html: str
    """The reply as sanitised HTML."""
    judged: list[JudgingView]
    """Earlier judgings of the reply, oldest first."""
    raw_request: str | None
    raw_reply: str | None


@hunts.get("")
@described("Hunts", errors=(400, 404))
@validate_querystring(HuntsQuery)
async def list_hunts(sid: str, query_args: HuntsQuery) -> JsonResponse[HuntsPage]:
    """Started hunts by number, paginated."""
    store, session = runtime().store, await runtime().store.read(sid)
    if query_args.turn is None:
        page = await store.hunts(sid, after=query_args.after, limit=query_args.limit, run_id=query_args.run_id)
    else:
        page = await hunts_of_turn(store, session, query_args.turn, after=query_args.after, limit=query_args.limit)
    shown = [hunt_view(hunt, sealed=session.sealed, texts=query_args.texts) for hunt in page.hunts]
    return answer({"hunts": shown, "next": page.next})


@hunts.get("/<hid>")
@described("Hunts", errors=(404,))
async def show_hunt(sid: str, hid: str) -> JsonResponse[HuntDetails]:
    """A complete hunt: reply as text and sanitised HTML, reasoning, raw request and reply."""
    session = await runtime().store.read(sid)
    hunt = await runtime().store.hunt(sid, hid)
    raw_request, raw_reply = _raw(hunt, session)
    return answer(
        {
            **hunt_view(hunt, sealed=session.sealed, texts=True),
            "response_html": await rendered(hunt.reply.text) if hunt.reply else "",
            "judged": judged_view(hunt, sealed=session.sealed),
            "raw_request": raw_request,
            "raw_reply": raw_reply,
        }
    )


@hunts.post("/<hid>/rejudge")
@document_request(RejudgeRequest)
@described(
    "Hunts", status=202, errors=(*BODY_ERRORS, 404, 409), headers=(IDEMPOTENCY_KEY,), optional_body=True,
    body_examples={"all criteria": {}, "one criterion": {"criterion_ids": ["C2"]}},
)  # fmt: skip
async def rejudge(sid: str, hid: str) -> JsonResponse[HuntView]:
    """Judge a reply again, on all or some criteria; the earlier judging moves to the history."""
    wish = await read_json(RejudgeRequest, optional=True)
    order = RejudgeOrder(**wish.model_dump(), idempotency_key=idempotency_key())
    return await _changed(sid, await runtime().service.rejudge(sid, hid, order))


@hunts.post("/<hid>/cancel")
@described("Hunts", status=202, errors=(403, 404))
async def cancel_hunt(sid: str, hid: str) -> JsonResponse[HuntView]:
    """Cancel a hunt; the outcome arrives as an event. A finished hunt is returned unchanged."""
    return await _changed(sid, await runtime().service.cancel_hunt(sid, hid))


async def _changed(sid: str, hunt: Hunt) -> JsonResponse[HuntView]:
    session = await runtime().store.read(sid)
    return answer(hunt_view(hunt, sealed=session.sealed, texts=False), 202)


def _raw(hunt: Hunt, session: Session) -> tuple[str | None, str | None]:
    """The raw request and reply, reassembled from their stored parts."""
    if hunt.reply is None:
        return None, hunt.error.raw if hunt.error else None
    run = session.run(hunt.run_id)
    messages = [message.model_dump() for message in session.history(run.turn)]
    messages.append({"role": "user", "content": run.task.prompt})
    request = {**_object(hunt.reply.raw_request), "messages": messages}
    reply = {**_object(hunt.reply.raw_reply), "content": hunt.reply.text}
    if hunt.reply.reasoning:
        reply["reasoning"] = hunt.reply.reasoning
    return _pretty(request), _pretty(reply)


def _object(text: str) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}


def _pretty(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
