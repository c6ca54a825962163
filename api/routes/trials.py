"""Trials: single hunts that are not counted."""

from __future__ import annotations

from quart import Blueprint
from quart_schema import document_request
from typing_extensions import TypedDict

from api.context import JsonResponse, answer, runtime
from api.openapi import BODY_ERRORS, IDEMPOTENCY_KEY, described
from api.payloads import TrialPayload
from api.request_body import idempotency_key, read_json
from core.hunting.hunts.queries import trials as all_trials
from core.hunting.orders import RunOrder, TargetRequest
from core.hunting.views.hunts import HuntView, hunt_view

trials = Blueprint("trials", __name__, url_prefix="/api/sessions/<sid>/trials")


class TrialAnswer(TypedDict):
    """The trial; its progress arrives as events."""

    hunt_id: str


class TrialsAnswer(TypedDict):
    """The started trials, oldest first."""

    hunts: list[HuntView]


@trials.post("")
@document_request(TrialPayload)
@described(
    "Hunts", status=202, errors=(*BODY_ERRORS, 404, 409), headers=(IDEMPOTENCY_KEY,),
    body_examples={"one": {"model": "simulated/hasty"}},
)  # fmt: skip
async def start_trial(sid: str) -> JsonResponse[TrialAnswer]:
    """Start a trial: one hunt that is not counted, shows its verdicts and cannot be selected."""
    wish = await read_json(TrialPayload)
    order = RunOrder(
        models=(TargetRequest(model=wish.model, parameters=wish.parameters),),
        hunts=1,
        judge=wish.chosen_judge,
        trial=True,
        idempotency_key=idempotency_key(),
    )
    run = await runtime().service.start_run(sid, order)
    return answer({"hunt_id": run.hunt(0).hunt_id}, 202)


@trials.get("")
@described("Hunts", errors=(404,))
async def list_trials(sid: str) -> JsonResponse[TrialsAnswer]:
    """The started trials, oldest first."""
    session = await runtime().store.read(sid)
    found = await all_trials(runtime().store, session)
    return answer({"hunts": [hunt_view(hunt, sealed=session.sealed, texts=True) for hunt in found]})
