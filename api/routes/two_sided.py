"""The two-sided check: edits of the reference response that violate one criterion each, and their verdicts."""

from __future__ import annotations

from quart import Blueprint
from quart_schema import document_request

from api.context import JsonResponse, answer, runtime
from api.openapi import BODY_ERRORS, IDEMPOTENCY_KEY, described
from api.request_body import idempotency_key, read_json
from core.domain.session import Session
from core.hunting.orders import CheckOrder, CheckRequest, EditRequest, ProposeEditsOrder, ProposeEditsRequest
from core.hunting.views.two_sided import TwoSidedAnswer, two_sided_view

two_sided = Blueprint("two_sided", __name__, url_prefix="/api/sessions/<sid>/two-sided-check")


@two_sided.post("")
@document_request(CheckRequest)
@described(
    "Sessions", status=202, errors=(*BODY_ERRORS, 404, 409), headers=(IDEMPOTENCY_KEY,), optional_body=True,
    body_examples={"the default judge": {}, "single edits": {"judge_model": "openai/gpt-5", "criterion_ids": ["C2"]}},
)  # fmt: skip
async def check_two_sided(sid: str) -> JsonResponse[TwoSidedAnswer]:
    """Judge the edits on all criteria. Repeating an Idempotency-Key starts the check only once."""
    wish = await read_json(CheckRequest, optional=True)
    order = CheckOrder(**wish.model_dump(), idempotency_key=idempotency_key())
    return _answer(await runtime().two_sided.start(sid, order), 202)


@two_sided.post("/edits")
@document_request(ProposeEditsRequest)
@described(
    "Sessions", status=202, errors=(*BODY_ERRORS, 404, 409), headers=(IDEMPOTENCY_KEY,),
    body_examples={"all missing edits": {"model": "openai/gpt-5"}},
)  # fmt: skip
async def propose_edits(sid: str) -> JsonResponse[TwoSidedAnswer]:
    """Have a model propose an edit for each criterion without one. Repeating an Idempotency-Key asks only once."""
    wish = await read_json(ProposeEditsRequest)
    order = ProposeEditsOrder(**wish.model_dump(), idempotency_key=idempotency_key())
    return _answer(await runtime().two_sided.propose(sid, order), 202)


@two_sided.put("/edits/<criterion_id>")
@document_request(EditRequest)
@described("Sessions", errors=(*BODY_ERRORS, 404), body_examples={"an edit": {"text": "London"}})
async def write_edit(sid: str, criterion_id: str) -> JsonResponse[TwoSidedAnswer]:
    """Save your own edit for a criterion; an empty text removes the edit."""
    wish = await read_json(EditRequest)
    return _answer(await runtime().two_sided.write(sid, criterion_id.upper(), wish.text), 200)


def _answer(session: Session, status: int) -> JsonResponse[TwoSidedAnswer]:
    return answer({"two_sided_check": two_sided_view(session.two_sided_check, session.task)}, status)
