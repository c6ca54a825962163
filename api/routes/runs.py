"""Runs: start, show, cancel."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from quart import Blueprint, Response
from quart_schema import document_request, validate_querystring

from api.bodies import idempotency_key, read_json
from api.context import answer, runtime
from api.describing import BODY_ERRORS, IDEMPOTENCY_KEY, described
from api.payloads import EstimateQuery, RunPayload
from api.shapes import EstimateAnswer, RunAnswer, RunShape
from core.domain.run import Run
from core.errors import BadInput
from core.hunting.orders import RunOrder
from core.hunting.views.sessions import run_view

runs = Blueprint("runs", __name__, url_prefix="/api/sessions/<sid>/runs")
estimates = Blueprint("estimates", __name__, url_prefix="/api/sessions/<sid>")


@runs.post("")
@document_request(RunPayload)
@described(
    "Runs", RunAnswer, status=202, errors=(*BODY_ERRORS, 404, 409), headers=(IDEMPOTENCY_KEY,),
    body_examples={"eight hunts": {"models": ["simulated/hasty", "simulated/careful"], "hunts": 8}},
)  # fmt: skip
async def start_run(sid: str) -> Response:
    """Start N hunts over one or more models. Repeating an Idempotency-Key returns the same run."""
    order = RunOrder(**(await read_json(RunPayload)).model_dump(), idempotency_key=idempotency_key())
    run = await runtime().workbench.start_run(sid, order)
    return answer({"run_id": run.run_id, "run": await _shown(sid, run)}, 202)


@estimates.get("/estimate")
@described("Runs", EstimateAnswer, errors=(400, 404))
@validate_querystring(EstimateQuery)
async def estimate_run(sid: str, query_args: EstimateQuery) -> Response:
    """The estimated cost of a run, without calling any model."""
    models = [name for name in query_args.models.split(",") if name]
    if not models:
        raise BadInput("The parameter models is empty.", hint="Give at least one model: ?models=provider/model ID.")
    found = await runtime().workbench.estimate(sid, models, query_args.hunts, query_args.judge_model)
    return answer(
        {"targets": [asdict(one) for one in found.targets], "judge": asdict(found.judge), "words": found.words}
    )


@runs.get("/<rid>")
@described("Runs", RunShape, errors=(404,))
async def show_run(sid: str, rid: str) -> Response:
    """State and counts of a run."""
    session = await runtime().store.read(sid)
    return answer(await _shown(sid, session.run(rid)))


@runs.post("/<rid>/cancel")
@described("Runs", RunShape, status=202, errors=(403, 404))
async def cancel_run(sid: str, rid: str) -> Response:
    """Cancel a run. A finished run is returned unchanged."""
    return answer(await _shown(sid, await runtime().workbench.cancel_run(sid, rid)), 202)


async def _shown(sid: str, run: Run) -> dict[str, Any]:
    store = runtime().store
    counts, sealed = await store.counts(sid), (await store.read(sid)).sealed
    return run_view(run, counts[run.run_id], runtime().clock.now(), sealed=sealed)
