"""The hunting page and the documentation, as files."""

from __future__ import annotations

from pathlib import Path

from quart import Blueprint, Response, current_app, send_file

from api.describing import described
from core.errors import NotFound

page = Blueprint("page", __name__)
STATIC = Path(__file__).parents[1] / "static"


@page.get("/")
@described("Pages", media=("text/html",), errors=(404,))
async def hunting_page() -> Response:
    """The hunting page."""
    if not (STATIC / "index.html").is_file():
        raise NotFound("The hunting page is not part of this version.", hint="Use the API (/docs) or the command line.")
    response = await send_file(STATIC / "index.html")
    response.headers["Cache-Control"] = "no-cache"
    return response


@page.get("/favicon.ico")
@described("Pages", media=("image/svg+xml",), errors=(404,))
async def favicon() -> Response:
    """The page's sign."""
    return await current_app.send_static_file("favicon.svg")
