"""Runs: start, show, cancel."""

from __future__ import annotations

from quart import Blueprint
from quart_schema import document_request, validate_querystring
from typing_extensions import TypedDict

from api.context import JsonResponse, answer, runtime
from api.openapi import BODY_ERRORS, IDEMPOTENCY_KEY, described
from api.payloads import EstimatePayload, EstimateQuery
from api.request_body import idempotency_key, read_json
from core.domain.run import Run
from core.errors import BadInput
from core.hunting.orders import JudgeChoice, RunOrder, RunRequest
from core.hunting.runs.estimate import Estimate
from core.hunting.runs.publish import reviewed_counts
from core.hunting.views.runs import RunView, run_view

runs = Blueprint("runs", __name__, url_prefix="/api/sessions/<sid>/runs")
estimates = Blueprint("estimates", __name__, url_prefix="/api/sessions/<sid>")


TWO_SETTINGS = [
    "simulated/thinker",
    {
        "model": "simulated/thinker",
        "label": "thinker · brief",
        "parameters": {"reasoning": {"effort": "low"}, "seed": 7},
    },
]


class RunAnswer(TypedDict):
    """The new run, or the one started with the same Idempotency-Key."""

    run_id: str
    run: RunView


@runs.post("")
@document_request(RunRequest)
@described(
    "Runs", status=202, errors=(*BODY_ERRORS, 404, 409), headers=(IDEMPOTENCY_KEY,),
    body_examples={
        "eight hunts": {"models": ["simulated/hasty", "simulated/careful"], "hunts": 8},
        "one model, two settings": {"models": TWO_SETTINGS, "hunts": 8},
    },
)  # fmt: skip
async def start_run(sid: str) -> JsonResponse[RunAnswer]:
    """Start N hunts over one or more models. Repeating an Idempotency-Key returns the same run."""
    order = RunOrder(**(await read_json(RunRequest)).model_dump(), idempotency_key=idempotency_key())
    run = await runtime().service.start_run(sid, order)
    return answer({"run_id": run.run_id, "run": await _shown(sid, run)}, 202)


@estimates.get("/estimate")
@described("Runs", errors=(400, 404))
@validate_querystring(EstimateQuery)
async def estimate_run(sid: str, query_args: EstimateQuery) -> JsonResponse[Estimate]:
    """The estimated cost of a run, without calling any model."""
    models = [name for name in query_args.models.split(",") if name]
    if not models:
        raise BadInput("The parameter models is empty.", hint="Give at least one model: ?models=provider/model ID.")
    return answer(
        await runtime().service.estimate(sid, models, query_args.hunts, JudgeChoice(model=query_args.judge_model))
    )


@estimates.post("/estimate")
@document_request(EstimatePayload)
@described(
    "Runs", errors=(*BODY_ERRORS, 404),
    body_examples={"one model, two settings": {"models": TWO_SETTINGS, "hunts": 8}},
)  # fmt: skip
async def estimate_targets(sid: str) -> JsonResponse[Estimate]:
    """The estimated cost of a run with parameters, without calling any model. 400 where starting it would be 400."""
    wish = await read_json(EstimatePayload)
    return answer(
        await runtime().service.estimate(
            sid, wish.models, wish.hunts, wish.chosen_judge, wish.confirm.policy_of_run(), wish.allocation
        )
    )


@runs.get("/<rid>")
@described("Runs", errors=(404,))
async def show_run(sid: str, rid: str) -> JsonResponse[RunView]:
    """State and counts of a run."""
    session = await runtime().store.read(sid)
    return answer(await _shown(sid, session.run(rid)))


@runs.post("/<rid>/cancel")
@described("Runs", status=202, errors=(403, 404))
async def cancel_run(sid: str, rid: str) -> JsonResponse[RunView]:
    """Cancel a run. A finished run is returned unchanged."""
    return answer(await _shown(sid, await runtime().service.cancel_run(sid, rid)), 202)


async def _shown(sid: str, run: Run) -> RunView:
    session = await runtime().store.read(sid)
    counts = await reviewed_counts(runtime().store, session)
    return run_view(run, counts[run.run_id], runtime().clock.now(), sealed=session.sealed, texts=True)
