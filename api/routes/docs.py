"""The API's documentation for people: docs/api.md with the list of routes from the OpenAPI description."""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path

from quart import Blueprint, Response

from api.markdown import render

docs = Blueprint("docs", __name__)
SOURCE = Path(__file__).parents[2] / "docs" / "api.md"


@docs.get("/docs")
async def documentation() -> Response:
    return Response(_page(), content_type="text/html; charset=utf-8")


@cache
def _page() -> str:
    title = "Model Hunter: the HTTP API"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/static/styles/docs.css"></head>'
        '<body><nav><a href="/">Hunting page</a> <a href="/openapi.json">openapi.json</a></nav>'
        f"<main>{render(SOURCE.read_text(encoding='utf-8'))}</main></body></html>"
    )
