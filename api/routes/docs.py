"""The API's documentation: docs/api.md as HTML, and the OpenAPI description."""

from __future__ import annotations

import asyncio
import html
from functools import cache
from typing import Any, cast

from quart import Blueprint, Response, current_app
from quart_schema.openapi import OpenAPIProvider
from typing_extensions import TypedDict

from api.context import JsonResponse, answer
from api.markdown import render
from api.openapi import described
from core.distribution import data_path

docs = Blueprint("docs", __name__)
SOURCE = data_path("docs/api.md")


class OpenApiDocument(TypedDict):
    """This description."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]
    tags: list[dict[str, Any]]
    externalDocs: dict[str, Any]


@docs.get("/openapi.json")
@described("Documentation")
async def openapi() -> JsonResponse[OpenApiDocument]:
    """The OpenAPI description."""
    provider: OpenAPIProvider = current_app.extensions["QUART_SCHEMA"].openapi_provider
    # the first time it takes most of a second
    return answer(cast("OpenApiDocument", await asyncio.to_thread(provider.schema)))


@docs.get("/docs")
@described("Documentation", media=("text/html",))
async def documentation() -> Response:
    """The API documentation as HTML."""
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
