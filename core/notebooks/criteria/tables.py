"""Criteria as a markdown table with an id column and a text column."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.notebooks.criteria.forms import MAX_ITEMS, Form, Found, Item, Span, id_in, is_id
from core.notebooks.criteria.lines import TextLine

_RULE = re.compile(r"[ \t]{0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_BORDER = re.compile(r"(?<!\\)\|")
_NAMED = re.compile(r"criteri|description|text|requirement|question", re.IGNORECASE)


@dataclass(frozen=True)
class Field:
    """One field of a row: its place without the spaces around it."""

    at: Span
    text: str

    @property
    def plain(self) -> str:
        return self.text.strip("*_` ")


def find_table(lines: list[TextLine]) -> Found | None:
    """The first table one of whose columns holds criterion ids."""
    passed = 0
    for row, line in enumerate(lines):
        if row <= passed or "|" not in line.text or not _RULE.fullmatch(line.text[:2000]):
            continue
        passed = row + 1
        while passed < len(lines) and "|" in lines[passed].text:
            passed += 1
        found = _read(lines[row - 1], lines[row + 1 : min(passed, row + 1 + MAX_ITEMS)])
        if found:
            return found
    return None


def _read(head: TextLine, body: list[TextLine]) -> Found | None:
    rows = [(line, _fields(line)) for line in body]
    width = min((len(fields) for _, fields in rows), default=0)
    ids = next((c for c in range(width) if all(is_id(fields[c].plain) for _, fields in rows)), None)
    texts = _text_column(_fields(head), rows, width, ids)
    if ids is None or texts is None:
        return None
    items = tuple(_item(line, fields[ids], fields[texts]) for line, fields in rows)
    return Found(Form.TABLE, Span(items[0].whole.start, items[-1].whole.end), items)


def _text_column(
    head: list[Field], rows: list[tuple[TextLine, list[Field]]], width: int, ids: int | None
) -> int | None:
    columns = [c for c in range(width) if c != ids]
    if not columns:
        return None
    named = [c for c in columns if c < len(head) and _NAMED.search(head[c].text[:200])]
    lengths = {c: sum(len(fields[c].text) for _, fields in rows) for c in named or columns}
    return max(lengths, key=lambda c: lengths[c])


def _item(line: TextLine, id_field: Field, text_field: Field) -> Item:
    return Item(
        whole=Span(line.start, line.start + len(line.text)),
        text_at=text_field.at,
        text=text_field.text.replace("\\|", "|"),
        id=id_in(id_field.plain),
        id_at=id_field.at,
    )


def _fields(line: TextLine) -> list[Field]:
    text = line.text
    inner_end = len(text.rstrip())
    at = len(text) - len(text.lstrip())
    if text[at : at + 1] == "|":
        at += 1
    if text[inner_end - 1 : inner_end] == "|" and text[inner_end - 2 : inner_end - 1] != "\\":
        inner_end -= 1
    found = []
    borders = [m.start() for m in _BORDER.finditer(text, at, inner_end)]
    for end in (*borders, inner_end):
        part = text[at:end]
        start = at + len(part) - len(part.lstrip())
        stop = max(start, at + len(part.rstrip()))
        found.append(Field(Span(line.start + start, line.start + stop), text[start:stop]))
        at = end + 1
    return found
