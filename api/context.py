"""Access to the runtime and the page's files for routes, and JSON responses."""

from __future__ import annotations

from typing import Generic, TypeVar, cast

from quart import Quart, Response, current_app

from api.markdown_process import Renderer
from api.static_files import StaticFiles
from core.hunting.views.serialize import to_json
from core.runtime import Runtime

View = TypeVar("View")
KEY = "MODEL_HUNTER_RUNTIME"
FILES = "MODEL_HUNTER_FILES"
RENDERER = "MODEL_HUNTER_RENDERER"


def put_runtime(app: Quart, runtime: Runtime) -> None:
    app.config[KEY] = runtime


def put_static_files(app: Quart, files: StaticFiles) -> None:
    app.config[FILES] = files


def static_files() -> StaticFiles:
    """The page's files of the current app."""
    return cast("StaticFiles", current_app.config[FILES])


def put_renderer(app: Quart, renderer: Renderer) -> None:
    app.config[RENDERER] = renderer


async def rendered(text: str) -> str:
    """Sanitised HTML of a reply; see Renderer."""
    return await cast("Renderer", current_app.config[RENDERER]).render(text)


def runtime() -> Runtime:
    """The runtime of the current app."""
    return cast("Runtime", current_app.config[KEY])


class JsonResponse(Response, Generic[View]):
    """A response whose body is a `View` as JSON. /openapi.json describes each route by this part of its return type."""


def answer(view: View, status: int = 200, **headers: str) -> JsonResponse[View]:
    """A JSON response. Never cached: the data changes at any time."""
    response: JsonResponse[View] = JsonResponse(to_json(view), status=status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers)
    return response
