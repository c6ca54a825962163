"""The admin status for operators and the dashboard, and the same numbers for Prometheus."""

from __future__ import annotations

from quart import Blueprint, Response

from api.context import JsonResponse, answer, runtime
from api.openapi import described
from core.status import AdminStatus

admin = Blueprint("admin", __name__)


@admin.get("/api/admin/status")
@described("Health")
async def status() -> JsonResponse[AdminStatus]:
    """Instance, sessions, providers, runs, streams, telemetry. No secrets, no session IDs."""
    return answer(await runtime().status.status(draining=runtime().draining.is_set()))


@admin.get("/metrics")
@described("Health", media=("text/plain",))
async def metrics() -> Response:
    """The status as Prometheus text."""
    from api.metrics import prometheus_text

    text = prometheus_text(await runtime().status.status(draining=runtime().draining.is_set()))
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")
