"""Trials: single hunts that are not counted."""

from __future__ import annotations

from quart import Blueprint, Response
from quart_schema import document_request

from api.bodies import idempotency_key, read_json
from api.context import answer, runtime
from api.describing import BODY_ERRORS, IDEMPOTENCY_KEY, described
from api.review_payloads import TrialPayload
from api.review_shapes import TrialAnswer, TrialsAnswer
from core.hunting.hunts.queries import trials as all_trials
from core.hunting.orders import RunOrder
from core.hunting.views.sessions import hunt_view

trials = Blueprint("trials", __name__, url_prefix="/api/sessions/<sid>/trials")


@trials.post("")
@document_request(TrialPayload)
@described(
    "Hunts", TrialAnswer, status=202, errors=(*BODY_ERRORS, 404, 409), headers=(IDEMPOTENCY_KEY,),
    body_examples={"one": {"model": "simulated/hasty"}},
)  # fmt: skip
async def start_trial(sid: str) -> Response:
    """Start a trial: one hunt that is not counted, shows its verdicts and cannot be selected."""
    wish = await read_json(TrialPayload)
    order = RunOrder(
        models=(wish.model,), hunts=1, judge_model=wish.judge_model, trial=True, idempotency_key=idempotency_key()
    )
    run = await runtime().workbench.start_run(sid, order)
    return answer({"hunt_id": run.hunt(0).hunt_id}, 202)


@trials.get("")
@described("Hunts", TrialsAnswer, errors=(404,))
async def list_trials(sid: str) -> Response:
    """The started trials, oldest first."""
    session = await runtime().store.read(sid)
    found = await all_trials(runtime().store, session)
    return answer({"hunts": [hunt_view(hunt, sealed=session.sealed, texts=True) for hunt in found]})
