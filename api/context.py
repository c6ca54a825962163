"""How a route finds the runtime, and how it answers."""

from __future__ import annotations

from typing import Any, cast

from quart import Quart, Response, current_app

from core.hunt.views import to_json
from core.runtime import Runtime

KEY = "MODEL_HUNTER_RUNTIME"


def put_runtime(app: Quart, runtime: Runtime) -> None:
    app.config[KEY] = runtime


def runtime() -> Runtime:
    """The runtime of the app that answers this request."""
    return cast("Runtime", current_app.config[KEY])


def answer(view: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer. Never cached: everything here is live."""
    response = Response(to_json(view), status=status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers)
    return response
