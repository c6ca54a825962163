"""Health, liveness and readiness, for load balancers, deployments and curl."""

from __future__ import annotations

from quart import Blueprint
from typing_extensions import TypedDict

from api.context import JsonResponse, answer, runtime
from api.openapi import described
from core.status import Health

health = Blueprint("health", __name__, url_prefix="/api/health")


class StateAnswer(TypedDict):
    """alive; ready or draining."""

    status: str


@health.get("")
@described("Health", also=(503,))
async def whole() -> JsonResponse[Health]:
    """200 if healthy or degraded (with the reason), 503 if unhealthy."""
    state = runtime().status.health(draining=runtime().draining.is_set())
    return answer(state, 503 if state.status == "unhealthy" else 200)


@health.get("/live")
@described("Health")
async def live() -> JsonResponse[StateAnswer]:
    """Liveness: the process responds."""
    return answer({"status": "alive"})


@health.get("/ready")
@described("Health", also=(503,))
async def ready() -> JsonResponse[StateAnswer]:
    """Readiness: 503 while draining."""
    draining = runtime().draining.is_set()
    return answer({"status": "draining" if draining else "ready"}, 503 if draining else 200)
