"""Hunts: pages of them, and one with everything about it."""

from __future__ import annotations

import asyncio
import json

from quart import Blueprint, Response
from quart_schema import validate_querystring

from api.context import answer, runtime
from api.describing import described
from api.markdown import render
from api.payloads import HuntsQuery
from api.shapes import HuntAnswer, HuntsAnswer
from core.domain.hunt import Hunt
from core.domain.run import Run
from core.hunt.views import JsonObject, hunt_view

hunts = Blueprint("hunts", __name__, url_prefix="/api/sessions/<sid>/hunts")


@hunts.get("")
@described("Hunts", HuntsAnswer, errors=(400, 404))
@validate_querystring(HuntsQuery)
async def list_hunts(sid: str, query_args: HuntsQuery) -> Response:
    """Hunts by number, a page at a time. Hunts that have not begun are not among them."""
    page = await runtime().store.hunts(sid, after=query_args.after, limit=query_args.limit, run_id=query_args.run_id)
    shown = [hunt_view(hunt, texts=query_args.texts) for hunt in page.hunts]
    return answer({"hunts": shown, "next": page.next})


@hunts.get("/<hid>")
@described("Hunts", HuntAnswer, errors=(404,))
async def show_hunt(sid: str, hid: str) -> Response:
    """One hunt whole: reply as text and as sanitised HTML, reasoning, raw request and reply."""
    hunt = await runtime().store.hunt(sid, hid)
    session = await runtime().store.read(sid)
    view = hunt_view(hunt, texts=True)
    view["response_html"] = await asyncio.to_thread(render, hunt.reply.text) if hunt.reply else ""
    return answer(view | _raw(hunt, session.run(hunt.run_id)))


def _raw(hunt: Hunt, run: Run) -> JsonObject:
    """Request and reply as they went over the wire, put together again from what is kept of them."""
    if hunt.reply is None:
        return {"raw_request": None, "raw_reply": hunt.error.raw if hunt.error else None}
    request = {**_object(hunt.reply.raw_request), "messages": [{"role": "user", "content": run.task.prompt}]}
    reply = {**_object(hunt.reply.raw_reply), "content": hunt.reply.text}
    if hunt.reply.reasoning:
        reply["reasoning"] = hunt.reply.reasoning
    return {"raw_request": _pretty(request), "raw_reply": _pretty(reply)}


def _object(text: str) -> JsonObject:
    return dict(json.loads(text)) if text else {}


def _pretty(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
