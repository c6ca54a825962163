"""The Quart application: routes, errors, headers. The runtime provides everything else."""

from __future__ import annotations

from pathlib import Path

from quart import Quart, Response, request
from quart_schema import Info, QuartSchema, Tag
from quart_schema.openapi import ExternalDocumentation

from api.context import put_renderer, put_runtime, put_static_files
from api.errors import register_errors
from api.identity import install_access_guard
from api.markdown_process import Renderer
from api.openapi import Describer
from api.protocols import OnlyHttp1
from api.routes.access import access
from api.routes.admin import admin
from api.routes.comments import comments
from api.routes.docs import docs
from api.routes.events import events
from api.routes.health import health
from api.routes.hunts import confirming, hunts
from api.routes.markdown import markdown
from api.routes.models import models
from api.routes.page import page
from api.routes.reviews import reviews
from api.routes.robustness import robustness
from api.routes.runs import estimates, runs
from api.routes.second_reviews import second_reviews
from api.routes.selection import selection
from api.routes.sessions import sessions
from api.routes.sharing import sharing
from api.routes.summaries import summaries
from api.routes.tasks import tasks
from api.routes.trials import trials
from api.routes.turns import turns
from api.routes.two_sided import two_sided
from api.static_files import StaticFiles
from core import __version__
from core.access.origins import SAFE_METHODS
from core.runtime import Runtime

STATIC = Path(__file__).parent / "static"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
API_BLUEPRINTS = (sessions, two_sided, robustness, summaries, tasks, runs, estimates, hunts, confirming, trials,
                  selection, reviews, second_reviews, sharing, comments,
                  turns, events, models, markdown, docs, page, access)  # fmt: skip
"""Not served by a process whose role is worker."""
REFUSED = 400
"""A response with this status or above may be sent before the request's body is read."""
ABOUT = "Load a task, hunt models with it, watch live, export the notebook. Every error has the shape ErrorAnswer."
TAG_DESCRIPTIONS = {
    "Sessions": "A loaded task with its runs, hunts, selection and reviews.",
    "Tasks": "Everything that was worked on, in the library.",
    "Runs": "N hunts over one or more models.",
    "Hunts": "One call of the target model and the judging of its reply.",
    "Review": "The selection, the trainer's reviews, and their agreement with the judge.",
    "Turns": "A conversation of several prompts and replies.",
    "Events": "A session's events, live.",
    "Export": "The finished notebook.",
    "Models": "Available models and examples.",
    "Access": "Sign-in, if HUNTER_TOKENS is set. Programs send Authorization: Bearer instead.",
    "Health": "For load balancers, operators and the dashboard.",
    "Documentation": "This description, and a readable version.",
    "Pages": "The hunting page and its static files.",
}


def create_app(runtime: Runtime) -> Quart:
    app = Quart("api", static_folder=str(STATIC), static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = runtime.settings.server.max_body_bytes
    app.config["BODY_TIMEOUT"] = runtime.settings.server.body_timeout_s
    app.json.sort_keys = False  # type: ignore[attr-defined]
    put_runtime(app, runtime)
    put_static_files(app, StaticFiles(STATIC))
    renderer = Renderer()
    put_renderer(app, renderer)
    runtime.on_close(renderer.close)
    QuartSchema(
        app,
        info=Info(title="Model Hunter", version=__version__, description=ABOUT),
        tags=[Tag(name=name, description=about) for name, about in TAG_DESCRIPTIONS.items()],
        external_docs=ExternalDocumentation(url="/docs", description="The readable version, with curl."),
        openapi_provider_class=Describer,
        openapi_path=None,  # served by api/routes/docs.py
        swagger_ui_path=None,  # these load scripts from other sites; /docs replaces them
        redoc_ui_path=None,
        scalar_ui_path=None,
    )
    register_errors(app)
    watched = (health, admin)
    for blueprint in watched if runtime.settings.server.role == "worker" else (*watched, *API_BLUEPRINTS):
        app.register_blueprint(blueprint)
    install_access_guard(app, runtime)
    app.after_request(_protect)
    app.asgi_app = OnlyHttp1(app.asgi_app)  # type: ignore[method-assign]
    return app


async def _protect(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("X-Model-Hunter-Version", __version__)
    headers.setdefault("Cache-Control", "no-store")
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    if response.status_code >= REFUSED and request.method not in SAFE_METHODS:
        headers["Connection"] = "close"  # the client may still be sending the body: it must not reuse this connection
    if request.endpoint == "static":
        headers["Cache-Control"] = (
            "no-cache"  # revalidated by ETag on each request; the page links to the versioned files
        )
    return response
