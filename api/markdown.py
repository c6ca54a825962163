"""Renders models' Markdown as inert HTML: raw HTML stays text, and the output is sanitised."""

from __future__ import annotations

import html
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.reply_markdown import ReplyMarkdown

MAX_RENDERED_CHARS = 200_000
"""Longer replies are shown as plain text."""

_TAGS = {
    "p",
    "br",
    "hr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "pre",
    "code",
    "em",
    "strong",
    "s",
    "ul",
    "ol",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "a",
    "span",
}
_ATTRIBUTES = {
    "*": {"dir"},
    "a": {"href", "title"},
    "ol": {"start"},
    "li": {"value"},
    "th": {"align"},
    "td": {"align"},
    "pre": {"data-language"},
}


@cache
def _markdown() -> ReplyMarkdown:
    from api.reply_markdown import ReplyMarkdown

    return ReplyMarkdown()


def as_text(text: str, note: str = "") -> str:
    """The unrendered text, below a note with the reason."""
    header = f"<p><em>{html.escape(note)}</em></p>\n" if note else ""
    return f"{header}<pre>{html.escape(text)}</pre>"


def render(text: str) -> str:
    """Sanitised HTML of a reply: no scripts, no styles, no images (their source is shown instead, nothing is fetched);
    links have `rel="noopener noreferrer nofollow"`."""
    if len(text) > MAX_RENDERED_CHARS:
        return as_text(text)
    import nh3

    return nh3.clean(
        _markdown().render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes={"span": {"formula", "image"}, "p": {"formula"}, "ol": {"paren"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def render_bytes(raw: bytes) -> bytes:
    """The same for bytes, in a process of its own; nothing where the text cannot be rendered."""
    try:
        return render(raw.decode("utf-8", "replace")).encode("utf-8", "replace")
    except (RecursionError, ValueError):
        return b""
