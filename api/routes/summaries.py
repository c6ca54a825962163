"""Summaries of several sessions, for the home page."""

from __future__ import annotations

from quart import Blueprint
from quart_schema import document_request
from typing_extensions import TypedDict

from api.context import JsonResponse, answer, runtime
from api.identity import access_guard, caller
from api.openapi import BODY_ERRORS, described
from api.payloads import SummariesPayload
from api.request_body import read_json
from core.access.roles import SessionRole
from core.errors import NotFound
from core.hunting.views.summaries import SummaryRow, gone_session
from core.hunting.views.summaries import summaries as all_summaries
from core.sessions.codec import StoredUnreadable

summaries = Blueprint("summaries", __name__, url_prefix="/api/sessions")


class SummariesAnswer(TypedDict):
    """One row per ID. Reading a summary does not renew a session."""

    sessions: list[SummaryRow]


@summaries.post("/summaries")
@document_request(SummariesPayload)
@described(
    "Sessions", errors=BODY_ERRORS,
    body_examples={"one": {"session_ids": ["s_9fQ2bq0L1a5XrDg7uUo3cWm8Zt4YkE6P"]}},
)  # fmt: skip
async def summarise() -> JsonResponse[SummariesAnswer]:
    """State and counts of the given sessions. Does not renew them."""
    wanted = (await read_json(SummariesPayload)).session_ids
    rows = await all_summaries(runtime().store, [sid for sid in wanted if await _is_there(sid)])
    known = {row["session_id"]: row for row in rows}
    return answer({"sessions": [known.get(sid) or gone_session(sid) for sid in wanted]})


async def _is_there(sid: str) -> bool:
    """Other users' sessions are reported as gone, like expired ones; so are those that one only reviews."""
    try:
        return await access_guard().role(caller(), sid) in {SessionRole.OWNER, SessionRole.READER}
    except NotFound:
        return False
    except StoredUnreadable:  # its row says so
        return True
