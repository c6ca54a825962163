"""Markdown preview with the same rules as for replies."""

from __future__ import annotations

from quart import Blueprint
from quart_schema import document_request
from typing_extensions import TypedDict

from api.context import JsonResponse, answer, rendered
from api.openapi import BODY_ERRORS, described
from api.payloads import MarkdownPayload
from api.request_body import read_json

markdown = Blueprint("markdown", __name__, url_prefix="/api/markdown")


class MarkdownAnswer(TypedDict):
    html: str
    """Sanitised: no scripts, styles or images."""


@markdown.post("")
@document_request(MarkdownPayload)
@described("Sessions", errors=BODY_ERRORS, body_examples={"a list": {"text": "- one\n- **two**"}})
async def preview_markdown() -> JsonResponse[MarkdownAnswer]:
    """Render Markdown as sanitised HTML; nothing is stored."""
    wish = await read_json(MarkdownPayload)
    return answer({"html": await rendered(wish.text)})
