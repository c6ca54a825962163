"""A session's events, as a stream or as JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from pydantic import WithJsonSchema
from quart import Blueprint, Response, request
from quart_schema import validate_querystring
from typing_extensions import TypedDict

from api.context import JsonResponse, answer, runtime
from api.event_stream import counted, event_stream, text_frames
from api.identity import access_guard, caller, sign_in_left_s
from api.openapi import LAST_EVENT_ID, described
from api.payloads import EventsQuery
from core.access.roles import ANYBODY, SessionRole
from core.errors import Busy, Unavailable
from core.eventlog.base import START, parse_event_id
from core.hunting.hunts.queries import refuse_unknown_hunt
from core.hunting.views.serialize import JsonFragment

events = Blueprint("events", __name__, url_prefix="/api/sessions/<sid>/events")


class EventView(TypedDict):
    id: str
    type: str
    data: Annotated[JsonFragment, WithJsonSchema({"type": "object", "additionalProperties": True})]


class EventsAnswer(TypedDict):
    """Events after an ID. Each event contains the full state of its subject, so applying it twice is harmless."""

    events: list[EventView]
    last_event_id: str


@events.get("")
@described("Events", errors=(400, 404, 409, 429), media=("text/event-stream",), headers=(LAST_EVENT_ID,))
@validate_querystring(EventsQuery)
async def watch_events(sid: str, query_args: EventsQuery) -> JsonResponse[EventsAnswer] | Response:
    """Server-sent events after `Last-Event-ID` or `?after=`; JSON if the client accepts JSON.

    With `?text=`, a stream also has the text of a hunt while it is written (`hunt.text`, without IDs).
    """
    session = await runtime().store.read(sid)
    if query_args.text is not None:
        refuse_unknown_hunt(session, query_args.text)
    after = request.headers.get("Last-Event-ID") or query_args.after or START
    if query_args.format == "json" or request.accept_mimetypes.best == "application/json":
        return await _as_json(sid, after, query_args.limit)
    return await _as_stream(sid, after, query_args.text)


async def _as_json(sid: str, after: str, limit: int) -> JsonResponse[EventsAnswer]:
    found = await runtime().events.read(sid, after, limit)
    shown: list[EventView] = [{"id": e.id, "type": e.type, "data": JsonFragment(e.data)} for e in found]
    return answer({"events": shown, "last_event_id": found[-1].id if found else after})


def _may_watch(sid: str) -> Callable[[], Awaitable[bool]] | None:
    """Whether the caller may still watch the session, as of now: it may have been given to somebody else, or the caller
    asked for a second review of it."""
    guard, known = access_guard(), caller()

    async def ask() -> bool:
        try:
            return await guard.role(known, sid, fresh=True) in {SessionRole.OWNER, SessionRole.READER}
        except Unavailable:
            return False  # the client reconnects, and is asked again

    return None if known is ANYBODY else ask


async def _as_stream(sid: str, after: str, hunt_id: str | None) -> Response:
    here = runtime()
    if hunt_id is not None and here.live_text.watchers() >= here.settings.server.max_text_streams:
        raise Busy("Too many event streams with text.", hint="Open the stream without ?text=.")
    if here.events.watchers() >= here.settings.server.max_event_streams:
        raise Busy("Too many open event streams.", hint="Close other pages, or poll with ?format=json.")
    name, streams, share = caller().name, access_guard().streams, here.settings.server.max_event_streams_per_user
    if name and streams[name] >= share:
        raise Busy(
            f"{name} already has {share} open event streams, the maximum per user.",
            hint="Close other pages, or poll with ?format=json; the operator can raise MAX_EVENT_STREAMS_PER_USER.",
            code="share_used_up",
        )
    parse_event_id(after)
    stream = event_stream(
        here.events, sid, after,
        draining=here.draining, heartbeat_s=here.settings.server.sse_keepalive_s, life_s=sign_in_left_s(),
        texts=None if hunt_id is None else text_frames(here.live_text, sid, hunt_id),
        may_watch=_may_watch(sid),
    )  # fmt: skip
    response = Response(counted(stream, streams, name) if name else stream)
    response.timeout = None  # Quart's default cuts streamed responses after 60 s
    response.headers.update(
        {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    return response
