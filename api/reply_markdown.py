"""Markdown rendering that neither drops nor alters any part of a reply.

CommonMark drops or changes backslashes in formulas, character references, table cells beyond the header's columns, link
definitions, list item numbers and code languages. Trainers grade the rendered reply, so all of these are kept. Markup
(emphasis, headings, lists, …) is still rendered.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, reference, table
from markdown_it.rules_block.table import escapedSplit, getLine
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, escape
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

FORMULA_MAX_CHARS = 4000
"""Longer formulas are treated as ordinary text. The bound keeps the search for their end linear."""
_ESCAPABLE = frozenset("*_`#+-.|~<>\n")
"""A backslash before these is a Markdown escape; before any other character it is part of the text."""
_PAIRS = {"$$": "$$", r"\(": r"\)", r"\[": r"\]"}
_BEGIN = re.compile(r"\\begin\{([A-Za-z]{1,30}\*?)\}")
_DOLLARS = re.compile(rf"\$(?!\s)(?:\\.|[^\\$]){{1,{FORMULA_MAX_CHARS}}}(?<!\s)\$(?!\d)", re.DOTALL)
"""As in pandoc: no space inside the dollars and no digit after them, so that prices are not formulas."""
_LINK = re.compile(r"(?:https?:|mailto:|[^:/?#]*(?:[/?#]|$))", re.IGNORECASE)


class ReplyMarkdown(MarkdownIt):
    """CommonMark with tables and strikethrough, faithful to the text. HTML in it is text."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "linkify": False})
        self.enable(["table", "strikethrough"]).disable(["entity"])
        self.inline.ruler.at("escape", _keep_backslash)
        self.inline.ruler.before("escape", "formula", _formula)
        self.block.ruler.at("table", _keep_excess_cells, {"alt": ["paragraph", "reference"]})
        self.block.ruler.at("reference", _keep_definition)
        ends = ["paragraph", "reference", "blockquote", "list"]
        self.block.ruler.after("fence", "formula", _formula_block, {"alt": ends})
        self.core.ruler.push("attributes", _set_attributes)
        for name, rule in _RENDERED.items():
            self.add_render_rule(name, rule)

    def validateLink(self, url: str) -> bool:
        """Whether a URL is rendered as a link; other links stay as written, with their URL."""
        return _LINK.match(url) is not None


def _keep_backslash(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "\\":
        return False
    following = state.src[state.pos + 1 : state.pos + 2]
    is_image = state.src.startswith("![", state.pos + 1)
    if not following or following in _ESCAPABLE or is_image:
        return escape(state, silent)
    if not silent:
        token = state.push("text_special", "", 0)
        token.content = token.markup = f"\\{following}"
        token.info = "escape"
    state.pos += 2
    return True


def _formula(state: StateInline, silent: bool) -> bool:
    """An inline formula, kept as written: `$…$`, `$$…$$`, `\\(…\\)`, `\\[…\\]`, `\\begin{…}…\\end{…}`."""
    if state.src[state.pos] not in "$\\":
        return False
    end = _end_of_formula(state.src, state.pos, state.posMax)
    if end is None:
        return False
    if not silent:
        state.push("formula", "", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def _end_of_formula(src: str, begin: int, limit: int) -> int | None:
    limit = min(limit, begin + FORMULA_MAX_CHARS)
    opening = src[begin : begin + 2]
    closing = _PAIRS.get(opening)
    if closing is None and (found := _BEGIN.match(src, begin, limit)):
        opening, closing = found[0], f"\\end{{{found[1]}}}"
    if closing is not None:
        at = src.find(closing, begin + len(opening), limit)
        return at + len(closing) if at >= 0 else None
    dollars = _DOLLARS.match(src, begin, limit)
    return dollars.end() if dollars else None


def _formula_block(state: StateBlock, start: int, end_line: int, silent: bool) -> bool:
    """A formula of several lines, in which Markdown would interpret a leading `=`, `-` or `+`."""
    begin = state.bMarks[start] + state.tShift[start]
    opening = state.src[begin : begin + 2]
    if opening not in ("$$", r"\[", r"\b") or state.is_code_block(start):
        return False
    end = _end_of_formula(state.src, begin, state.eMarks[end_line - 1])
    if end is None:
        return False
    last = bisect_left(state.eMarks, end, start, end_line)
    if last == start or last >= end_line or state.src[end : state.eMarks[last]].strip(" \t.,;"):
        return False
    if state.sCount[last] < state.blkIndent:
        return False
    if not silent:
        _push_verbatim(state, "formula_block", start, last + 1)
        state.line = last + 1
    return True


def _keep_excess_cells(state: StateBlock, start: int, end_line: int, silent: bool) -> bool:
    """Keeps cells beyond the header's columns, which CommonMark's tables drop."""
    before = len(state.tokens)
    if not table(state, start, end_line, silent):
        return False
    rows = state.tokens[before:]
    columns = sum(token.type == "th_open" for token in rows)
    whole: list[Token] = []
    line = start
    for token in rows:
        if token.type == "tr_open" and token.map:
            line = token.map[0]
        if token.type == "tr_close" and line > start:
            whole += (part for text in _cells(state, line)[columns:] for part in _cell(text, line, token.level))
        whole.append(token)
    state.tokens[before:] = whole
    return True


def _cells(state: StateBlock, line: int) -> list[str]:
    """A row's cells up to the last non-empty one."""
    cells = [cell.strip() for cell in escapedSplit(getLine(state, line).strip())]
    while cells and not cells[-1]:
        cells.pop()
    return cells if not cells or cells[0] else cells[1:]


def _cell(text: str, line: int, level: int) -> tuple[Token, Token, Token]:
    content = Token("inline", "", 0, map=[line, line + 1], level=level + 2, content=text, children=[])
    return Token("td_open", "td", 1, level=level + 1), content, Token("td_close", "td", -1, level=level + 1)


def _keep_definition(state: StateBlock, start: int, end_line: int, silent: bool) -> bool:
    """Keeps link definitions, which CommonMark hides; often they are sources that the task requires.

    CommonMark has no footnotes either: `[^1]` would become a link without its brackets."""
    if state.src.startswith("[^", state.bMarks[start] + state.tShift[start]):
        return False
    if not reference(state, start, end_line, silent):
        return False
    if not silent:
        _push_verbatim(state, "definition", start, state.line)
    return True


def _push_verbatim(state: StateBlock, kind: str, start: int, end: int) -> None:
    token = state.push(kind, "", 0)
    token.map = [start, end]
    token.content = state.getLines(start, end, state.blkIndent, False)


def _set_attributes(state: StateCore) -> None:
    """Sets text direction, column alignment, and the numbers and delimiters of list items as written."""
    for token in state.tokens:
        if token.level == 0 and token.nesting == 1:
            token.attrSet("dir", "auto")
        if token.type == "list_item_open" and token.info:
            token.attrSet("value", token.info)
        if token.type == "ordered_list_open" and token.markup == ")":
            token.attrSet("class", "paren")
        if token.tag in ("th", "td") and "style" in token.attrs:
            token.attrs = {"align": str(token.attrs["style"]).removeprefix("text-align:")}


Tokens = Sequence[Token]
Env = MutableMapping[str, Any]


def _render_hard_break(_r: RendererHTML, _tokens: Tokens, _at: int, _options: OptionsDict, _env: Env) -> str:
    return "<br>"  # the CSS keeps newlines (styles/reply-frame.css); one after <br> would be a second break


def _render_image(_r: RendererHTML, tokens: Tokens, at: int, _options: OptionsDict, _env: Env) -> str:
    """An image's Markdown as text: the page loads nothing for a reply."""
    image = tokens[at]
    source, title = image.attrs["src"], image.attrs.get("title")
    written = f'![{image.content}]({source} "{title}")' if title else f"![{image.content}]({source})"
    return f'<span class="image">{escapeHtml(written)}</span>'


def _render_fence(_r: RendererHTML, tokens: Tokens, at: int, _options: OptionsDict, _env: Env) -> str:
    language = tokens[at].info.strip()
    named = f' data-language="{escapeHtml(language)}"' if language else ""
    return f"<pre{named}><code>{escapeHtml(tokens[at].content)}</code></pre>\n"


def _render_formula(_r: RendererHTML, tokens: Tokens, at: int, _options: OptionsDict, _env: Env) -> str:
    return f'<span class="formula">{escapeHtml(tokens[at].content)}</span>'


def _render_formula_block(_r: RendererHTML, tokens: Tokens, at: int, _options: OptionsDict, _env: Env) -> str:
    return f'<p class="formula">{escapeHtml(tokens[at].content)}</p>\n'


def _render_definition(_r: RendererHTML, tokens: Tokens, at: int, _options: OptionsDict, _env: Env) -> str:
    return f'<p dir="auto">{escapeHtml(tokens[at].content)}</p>\n'


_RENDERED = {
    "hardbreak": _render_hard_break,
    "image": _render_image,
    "fence": _render_fence,
    "formula": _render_formula,
    "formula_block": _render_formula_block,
    "definition": _render_definition,
}
