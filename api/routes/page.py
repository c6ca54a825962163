"""The hunting page and its files, under a versioned URL."""

from __future__ import annotations

from quart import Blueprint, Response, current_app, request

from api.context import static_files
from api.openapi import described
from api.static_files import FOREVER
from core.errors import NotFound

page = Blueprint("page", __name__)


@page.get("/")
@described("Pages", media=("text/html",), errors=(404,))
async def hunting_page() -> Response:
    """The hunting page."""
    if not (static_files().folder / "index.html").is_file():
        raise NotFound(
            "This installation does not include the hunting page.", hint="Use the API (/docs) or the command line."
        )
    return Response(static_files().page("index.html"), mimetype="text/html", headers={"Cache-Control": "no-cache"})


@page.get("/static/v/<string:version>/<path:filename>")
@described("Pages", media=("*/*",), errors=(404,))
async def versioned_file(version: str, filename: str) -> Response:
    """A file of the page, cached for good. 404 for another version, which another replica may serve."""
    files = static_files()
    if not files.has_version(version, filename):
        raise NotFound(
            "This file belongs to another version of the page.", hint="Reload the page.", code="other_version"
        )
    file = files.file(filename)
    if file is None:
        raise NotFound("This page has no such file.", hint="Reload the page.")
    response = Response(file.content, mimetype=file.media_type, headers={"Cache-Control": FOREVER})
    response.last_modified = file.modified_at
    response.set_etag(version)
    await response.make_conditional(request)
    return response


@page.get("/favicon.ico")
@described("Pages", media=("image/svg+xml",), errors=(404,))
async def favicon() -> Response:
    """The page's icon."""
    return await current_app.send_static_file("favicon.svg")
