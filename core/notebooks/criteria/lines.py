"""Criteria as plain lines (`C1: text`), as a markdown list, or as a table with columns for ids and texts.

Positions are offsets into the body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import NamedTuple

from core.notebooks.criteria.forms import MAX_ITEMS, Form, Found, Item, Span, id_in, is_id
from core.notebooks.criteria.pass_rule import read_pass_rule

_ID_LINE = re.compile(
    r"[ \t]{0,20}(?:>[ \t]{0,4})?(?P<mark>#{1,6}[ \t]+|[-*+•–][ \t]+|[0-9]{1,3}[.)][ \t]+)?"
    r"(?P<open>\*\*|__)?(?P<box>[\[(])?(?P<id>C ?0{0,3}[1-9][0-9]{0,3})(?![0-9A-Za-z])"
    r"(?P<shut>[\])])?(?P<close>\*\*|__)?"
    r"(?:(?P<sign>[ \t]{0,4}[:：]|[.)](?=[ \t]|$)|[ \t]{0,4}[–—]|[ \t]{1,4}-(?=[ \t]))|(?=[ \t]|$))"
    r"(?P<late>\*\*|__)?[ \t]{0,20}",
    re.IGNORECASE | re.ASCII,
)
_CONJUNCTION = re.compile(r"(?:and|or|to|through|is|are|was|has|&|,|/|–|-)(?:\W|$)", re.IGNORECASE)
_BULLET = re.compile(r"[ \t]{0,3}(?P<mark>[-*+•]|[0-9]{1,3}[.)])[ \t]{1,8}(?:\[[ xX]\][ \t]{1,4})?(?=\S)")
_ANNOUNCED = re.compile(r"criteri|requirement|rubric|checklist", re.IGNORECASE)
_CLOSING_PROSE = re.compile(r"\babove\b[^.\n]{0,40}\bcriteri|\bcriteri\w+ above\b|\bscore of\b", re.IGNORECASE)


class TextLine(NamedTuple):
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def blank(self) -> bool:
        return not self.text.strip()

    @property
    def indented(self) -> bool:
        return self.text[:1] in {" ", "\t"}


@dataclass(frozen=True)
class Start:
    """A line on which a criterion begins."""

    row: int
    text_from: int
    id: str = ""
    id_at: Span | None = None
    strong: bool = True
    bold: bool = False
    kind: str = ""


def lines_of(body: str) -> list[TextLine]:
    found, at = [], 0
    for text in body.split("\n"):
        found.append(TextLine(at, text))
        at += len(text) + 1
    return found


def find_id_lines(body: str, lines: list[TextLine]) -> Found | None:
    """Lines that begin with an id. With a sign (`C1:`, `**C1**`, `- C1`) one is enough; `C1 text` needs two."""
    found = (s for row, line in enumerate(lines) if line.text and (s := _id_start(row, line)))
    starts = list(islice(found, MAX_ITEMS))
    strong = [s for s in starts if s.strong]
    chosen = strong or (starts if len(starts) > 1 else [])
    return _found(Form.LINES, body, lines, chosen) if chosen else None


def _id_start(row: int, line: TextLine) -> Start | None:
    match = _ID_LINE.match(line.text)
    if not match:
        return None
    rest = line.text[match.end() :]
    signs = ("mark", "open", "box", "shut", "sign")
    strong = any(match.group(sign) for sign in signs)
    if not match.group("sign") and _CONJUNCTION.match(rest):
        return None
    return Start(
        row=row,
        text_from=line.start + match.end(),
        id=id_in(match.group("id").replace(" ", "")),
        id_at=Span(line.start + match.start("id"), line.start + match.end("id")),
        strong=strong,
        bold=bool(match.group("open")) and not match.group("close") and not match.group("late"),
    )


def find_bullets(body: str, lines: list[TextLine]) -> tuple[Found | None, bool]:
    """(a list without ids, whether it is certain). Certain: the only list, or the only one with an introduction."""
    groups = [g for g in _groups(lines) if len(g) > 1]
    if not groups:
        return None, False
    announced = [g for g in groups if _ANNOUNCED.search(_line_before(lines, g[0].row))]
    certain = len(groups) == 1 or len(announced) == 1
    chosen = announced[0] if len(announced) == 1 else max(groups, key=len)
    return _found(Form.BULLETS, body, lines, chosen[:MAX_ITEMS]), certain


def _groups(lines: list[TextLine]) -> list[list[Start]]:
    """Lists: items of one kind, ended by a paragraph that is not indented."""
    groups: list[list[Start]] = []
    open_group, after_blank = False, False
    for row, line in enumerate(lines):
        bullet = _BULLET.match(line.text)
        if bullet:
            kind = "number" if bullet.group("mark")[0].isdigit() else bullet.group("mark")
            if not open_group or groups[-1][-1].kind != kind:
                groups.append([])
            groups[-1].append(Start(row=row, text_from=line.start + bullet.end(), kind=kind))
            open_group = True
        elif not line.blank and after_blank and not line.indented:
            open_group = False
        after_blank = line.blank
    return groups


def _line_before(lines: list[TextLine], row: int) -> str:
    return next((line.text for line in reversed(lines[max(0, row - 4) : row]) if not line.blank), "")[:400]


def _found(form: Form, body: str, lines: list[TextLine], starts: list[Start]) -> Found:
    ends = [_end_row(lines, s.row, following.row) for s, following in pairwise(starts)]
    ends.append(_last_end_row(lines, starts[-1]))
    items = tuple(_item(body, lines, start, end) for start, end in zip(starts, ends, strict=True))
    return Found(form, Span(items[0].whole.start, items[-1].whole.end), items)


def _end_row(lines: list[TextLine], row: int, limit: int) -> int:
    """The row after the last non-blank line of the item at `row`."""
    while limit > row + 1 and lines[limit - 1].blank:
        limit -= 1
    return limit


def _last_end_row(lines: list[TextLine], start: Start) -> int:
    """The last item ends at a blank line, unless an indented line follows."""
    row = start.row + 1
    has_text = lines[start.row].end > start.text_from
    while row < len(lines):
        line = lines[row]
        if line.blank:
            following = next((x for x in lines[row : row + 50] if not x.blank), None)
            if following is None or (has_text and not following.indented):
                break
        elif _CLOSING_PROSE.search(line.text[:2000]) or read_pass_rule(line.text[:2000]).rule is not None:
            break
        else:
            has_text = True
        row += 1
    return _end_row(lines, start.row, row)


def _item(body: str, lines: list[TextLine], start: Start, end_row: int) -> Item:
    first, last = lines[start.row], lines[end_row - 1]
    end = last.start + len(last.text.rstrip()) if not last.blank else last.end
    end = max(end, start.text_from)
    whole = Span(first.start, end)
    text_at = Span(start.text_from, end)
    if start.bold and body[start.text_from : end].endswith(("**", "__")):
        text_at = replace(text_at, end=end - 2)
    rows = text_at.of(body).split("\n")
    text = "\n".join(row.strip() for row in rows).strip()
    return Item(whole, text_at, text, id=start.id, id_at=start.id_at)


_RULER = re.compile(r"[ \t]{0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_BORDER = re.compile(r"(?<!\\)\|")
_NAMED = re.compile(r"criteri|description|text|requirement|question", re.IGNORECASE)


@dataclass(frozen=True)
class Field:
    """One field of a row: its position without surrounding spaces."""

    at: Span
    text: str

    @property
    def plain(self) -> str:
        return self.text.strip("*_` ")


def find_table(lines: list[TextLine]) -> Found | None:
    """The first table with a column of criterion ids."""
    passed = 0
    for row, line in enumerate(lines):
        if row <= passed or "|" not in line.text or not _RULER.fullmatch(line.text[:2000]):
            continue
        passed = row + 1
        while passed < len(lines) and "|" in lines[passed].text:
            passed += 1
        found = _read_table(lines[row - 1], lines[row + 1 : min(passed, row + 1 + MAX_ITEMS)])
        if found:
            return found
    return None


def _read_table(head: TextLine, body: list[TextLine]) -> Found | None:
    rows = [(line, _fields(line)) for line in body]
    width = min((len(fields) for _, fields in rows), default=0)
    ids = next((c for c in range(width) if all(is_id(fields[c].plain) for _, fields in rows)), None)
    texts = _text_column(_fields(head), rows, width, ids)
    if ids is None or texts is None:
        return None
    items = tuple(_row_item(line, fields[ids], fields[texts]) for line, fields in rows)
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


def _row_item(line: TextLine, id_field: Field, text_field: Field) -> Item:
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
