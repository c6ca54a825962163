"""Markdown preview with the same rules as for replies."""

from __future__ import annotations

from quart import Blueprint, Response
from quart_schema import document_request

from api.bodies import read_json
from api.context import answer, rendered
from api.describing import BODY_ERRORS, described
from api.payloads import MarkdownPayload
from api.shapes import MarkdownAnswer

markdown = Blueprint("markdown", __name__, url_prefix="/api/markdown")


@markdown.post("")
@document_request(MarkdownPayload)
@described("Sessions", MarkdownAnswer, errors=BODY_ERRORS, body_examples={"a list": {"text": "- one\n- **two**"}})
async def preview_markdown() -> Response:
    """Render Markdown as sanitised HTML; nothing is stored."""
    wish = await read_json(MarkdownPayload)
    return answer({"html": await rendered(wish.text)})
