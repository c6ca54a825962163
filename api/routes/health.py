"""Health, liveness and readiness, for load balancers, deployments and curl."""

from __future__ import annotations

from quart import Blueprint, Response

from api.context import answer, runtime
from api.describing import described
from api.shapes import StateAnswer
from core.hunting.status.report import Health

health = Blueprint("health", __name__, url_prefix="/api/health")


@health.get("")
@described("Health", Health, also={503: Health})
async def whole() -> Response:
    """200 if healthy or degraded (with the reason), 503 if unhealthy."""
    state = runtime().board.health(draining=runtime().draining.is_set())
    return answer(state.model_dump(), 503 if state.status == "unhealthy" else 200)


@health.get("/live")
@described("Health", StateAnswer)
async def live() -> Response:
    """Liveness: the process responds."""
    return answer({"status": "alive"})


@health.get("/ready")
@described("Health", StateAnswer, also={503: StateAnswer})
async def ready() -> Response:
    """Readiness: 503 while draining."""
    draining = runtime().draining.is_set()
    return answer({"status": "draining" if draining else "ready"}, 503 if draining else 200)
