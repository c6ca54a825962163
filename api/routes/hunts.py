"""Hunts: list, show, rejudge, cancel."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

from quart import Blueprint
from quart_schema import document_request, validate_querystring
from typing_extensions import TypedDict

from api.context import JsonResponse, answer, rendered, runtime
from api.openapi import BODY_ERRORS, IDEMPOTENCY_KEY, described
from api.payloads import HuntsQuery
from api.request_body import idempotency_key, read_json
from core.domain.hunt import Hunt
from core.domain.session import Session
from core.hunting.hunts.queries import hunts_of_turn
from core.hunting.orders import ConfirmHuntsRequest, ConfirmOrder, RejudgeOrder, RejudgeRequest
from core.hunting.receipts.receipt import Receipt, receipt_of
from core.hunting.views.hunts import HuntsPage, HuntView, JudgingView, judged_view, shown_hunt
from core.hunting.views.raw_call import reply_of, request_of

hunts = Blueprint("hunts", __name__, url_prefix="/api/sessions/<sid>/hunts")


confirming = Blueprint("confirming", __name__, url_prefix="/api/sessions/<sid>")


class ConfirmAnswer(TypedDict):
    """Which hunts get second opinions."""

    hunt_ids: list[str]
    skipped: dict[str, str]
    """Why the others do not, by ID."""


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
    shown = [shown_hunt(session, hunt, texts=query_args.texts) for hunt in page.hunts]
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
            **shown_hunt(session, hunt, texts=True),
            "response_html": await rendered(hunt.reply.text) if hunt.reply else "",
            "judged": judged_view(hunt, sealed=session.sealed),
            "raw_request": raw_request,
            "raw_reply": raw_reply,
        }
    )


@hunts.get("/<hid>/receipt")
@described("Hunts", errors=(404, 409, 413))
async def show_receipt(sid: str, hid: str) -> JsonResponse[Receipt]:
    """Evidence of a finished hunt in one file: request, reply, task, judge prompts, verdicts, hashes.

    409 while the session is sealed.
    """
    session = await runtime().store.read(sid)
    hunt = await runtime().store.hunt(sid, hid)
    values = await asyncio.to_thread(receipt_of, session, hunt)
    name = f"receipt-{hunt.hunt_id}.json"
    return answer(cast("Receipt", values), 200, **{"Content-Disposition": f'attachment; filename="{name}"'})


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


@confirming.post("/confirm")
@document_request(ConfirmHuntsRequest)
@described(
    "Hunts", status=202, errors=(*BODY_ERRORS, 404, 409), headers=(IDEMPOTENCY_KEY,),
    body_examples={"one hunt": {"hunt_ids": ["r_none.1"], "judges": [{"model": "simulated/judge"}]}},
)  # fmt: skip
async def confirm(sid: str) -> JsonResponse[ConfirmAnswer]:
    """Ask other judges about stored replies. Outcomes stay; confirmations and votes arrive as events."""
    wish = await read_json(ConfirmHuntsRequest)
    order = ConfirmOrder(**wish.model_dump(), idempotency_key=idempotency_key())
    skipped = await runtime().confirming.confirm(sid, order)
    asked = [hid for hid in dict.fromkeys(order.hunt_ids) if hid not in skipped]
    return answer({"hunt_ids": asked, "skipped": skipped}, 202)


@hunts.post("/<hid>/cancel")
@described("Hunts", status=202, errors=(403, 404))
async def cancel_hunt(sid: str, hid: str) -> JsonResponse[HuntView]:
    """Cancel a hunt; the outcome arrives as an event. A finished hunt is returned unchanged."""
    return await _changed(sid, await runtime().service.cancel_hunt(sid, hid))


async def _changed(sid: str, hunt: Hunt) -> JsonResponse[HuntView]:
    session = await runtime().store.read(sid)
    return answer(shown_hunt(session, hunt, texts=False), 202)


def _raw(hunt: Hunt, session: Session) -> tuple[str | None, str | None]:
    if hunt.reply is None:
        return None, hunt.error.raw if hunt.error else None
    return _pretty(request_of(hunt, session)), _pretty(reply_of(hunt.reply))


def _pretty(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
