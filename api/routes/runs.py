"""Runs: start, show, cancel."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response, request
from quart_schema import validate_request

from api.context import answer, runtime
from api.payloads import RunPayload
from core.domain.run import Run
from core.hunt.orders import RunOrder
from core.hunt.views import run_view

runs = Blueprint("runs", __name__, url_prefix="/api/sessions/<sid>/runs")


@runs.post("")
@validate_request(RunPayload)
async def start_run(sid: str, data: RunPayload) -> Response:
    """Start N hunts over one or more models. The same Idempotency-Key answers with the same run."""
    key = request.headers.get("Idempotency-Key", "")[:200]
    run = await runtime().workbench.start_run(sid, RunOrder(**data.model_dump(), idempotency_key=key))
    return answer({"run_id": run.run_id, "run": await _shown(sid, run)}, 202)


@runs.get("/<rid>")
async def show_run(sid: str, rid: str) -> Response:
    """State and counts of a run."""
    session = await runtime().store.read(sid)
    return answer(await _shown(sid, session.run(rid)))


@runs.post("/<rid>/cancel")
async def cancel_run(sid: str, rid: str) -> Response:
    """End a run now. One that has ended is returned as it is."""
    return answer(await _shown(sid, await runtime().workbench.cancel_run(sid, rid)), 202)


async def _shown(sid: str, run: Run) -> dict[str, Any]:
    counts = await runtime().store.counts(sid)
    return run_view(run, counts[run.run_id], runtime().clock.now())
