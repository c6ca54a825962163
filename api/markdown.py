"""Markdown of models as HTML that can do nothing: raw HTML is text, and what is left is sanitised again."""

from __future__ import annotations

import html

import nh3

from api.reply_markdown import ReplyMarkdown

RENDERED_MOST_CHARS = 200_000
"""Longer replies are shown as plain text: rendering is for reading, and nobody reads that."""

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
_markdown = ReplyMarkdown()


def as_text(text: str, note: str = "") -> str:
    """The text as it is, for what is not rendered, below a note that says why."""
    said = f"<p><em>{html.escape(note)}</em></p>\n" if note else ""
    return f"{said}<pre>{html.escape(text)}</pre>"


def render(text: str) -> str:
    """Sanitised HTML of a reply: no scripts, no styles, no pictures (they would be fetched; what stands there
    for one is shown), links that lead nowhere by themselves (`rel="noopener noreferrer nofollow"`)."""
    if len(text) > RENDERED_MOST_CHARS:
        return as_text(text)
    return nh3.clean(
        _markdown.render(text),
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
