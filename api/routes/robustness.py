"""The robustness report: how a task's judging stands up to attacks in the replies."""

from __future__ import annotations

from quart import Blueprint
from quart_schema import document_request

from api.context import JsonResponse, answer, runtime
from api.openapi import BODY_ERRORS, IDEMPOTENCY_KEY, described
from api.request_body import idempotency_key, read_json
from core.hunting.orders import RobustnessOrder, RobustnessRequest
from core.hunting.views.robustness import RobustnessAnswer, RobustnessEstimate, robustness_view

robustness = Blueprint("robustness", __name__, url_prefix="/api/sessions/<sid>/robustness")


@robustness.get("")
@described("Sessions", errors=(404,))
async def get_robustness(sid: str) -> JsonResponse[RobustnessAnswer]:
    """The latest report, with the verdicts that attacks moved."""
    return answer({"robustness": robustness_view(await runtime().store.read(sid))})


@robustness.post("")
@document_request(RobustnessRequest)
@described(
    "Sessions", status=202, errors=(*BODY_ERRORS, 404, 409), headers=(IDEMPOTENCY_KEY,), optional_body=True,
    body_examples={"the default judge": {}, "one family": {"judge_model": "openai/gpt-5", "families": ["forged"]}},
)  # fmt: skip
async def start_robustness(sid: str) -> JsonResponse[RobustnessAnswer]:
    """Judge replies with attacks in them, beside the unchanged replies.

    Repeating an Idempotency-Key starts it only once.
    """
    wish = await read_json(RobustnessRequest, optional=True)
    order = RobustnessOrder(**wish.model_dump(), idempotency_key=idempotency_key())
    return answer({"robustness": robustness_view(await runtime().robustness.start(sid, order))}, 202)


@robustness.delete("")
@described("Sessions", errors=(404,))
async def stop_robustness(sid: str) -> JsonResponse[RobustnessAnswer]:
    """Stop the running report. Its verdicts are kept: the next report of the same task and judge uses them."""
    return answer({"robustness": robustness_view(await runtime().robustness.stop(sid))})


@robustness.post("/estimate")
@document_request(RobustnessRequest)
@described("Sessions", errors=(*BODY_ERRORS, 404, 409), optional_body=True, body_examples={"the default judge": {}})
async def estimate_robustness(sid: str) -> JsonResponse[RobustnessEstimate]:
    """What a report would judge, and its cost."""
    return answer(await runtime().robustness.estimate(sid, await read_json(RobustnessRequest, optional=True)))
