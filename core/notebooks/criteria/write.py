"""Replace the criteria in a cell, in their form; the surrounding prose is not changed.

The result is parsed again as a check. If the form cannot represent the new criteria exactly, a JSON array replaces it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from core.domain.criteria import Criterion
from core.notebooks.criteria.forms import JSON_FORMS, Form, Found, Item, Span
from core.notebooks.criteria.read import ReadCriteria, read_criteria

_DEFAULT_BETWEEN = {
    Form.OBJECTS: ",\n  ", Form.OTHER_OBJECTS: ",\n  ", Form.STRINGS: ",\n  ", Form.MAPPING: ",\n  ",
    Form.TABLE: "\n", Form.LINES: "\n\n", Form.BULLETS: "\n",
}  # fmt: skip
_LAST_NUMBER = re.compile(r"[0-9]+(?=[^0-9]*\Z)")


def write_criteria(body: str, wanted: Sequence[Criterion]) -> str:
    """`body` with its list of criteria replaced by `wanted`; `body` itself if they are equal."""
    read = read_criteria(body)
    criteria = tuple(wanted)
    if read.criteria == criteria and read.code in {"", "two_lists", "missing_criteria"}:
        return body
    attempts = list(_attempts(body, read, criteria))
    if not criteria:
        return attempts[0]
    return next((a for a in attempts if read_criteria(a).criteria == criteria), attempts[-2])


def write_array(body: str, wanted: Sequence[Criterion]) -> str | None:
    """`body` with its list of criteria as a JSON array, whatever its form is; None if the result would not be read as
    these criteria."""
    criteria = tuple(wanted)
    read = read_criteria(body)
    return next((a for a in _arrays(body, read, criteria) if read_criteria(a).criteria == criteria), None)


def _attempts(body: str, read: ReadCriteria, wanted: tuple[Criterion, ...]) -> Iterator[str]:
    """Candidate texts, the most faithful first."""
    if read.found and not read.problem:
        yield _in_form(body, read.found, wanted)
    yield from _arrays(body, read, wanted)
    yield criteria_array(wanted)


def _arrays(body: str, read: ReadCriteria, wanted: tuple[Criterion, ...]) -> Iterator[str]:
    """The array in place of the list, else after the prose."""
    array = criteria_array(wanted)
    if read.span:
        yield body[: read.span.start] + array + body[read.span.end :]
    prose = read.prose(body).strip("\n")
    yield f"{prose}\n\n{array}" if prose else array


def criteria_array(criteria: Sequence[Criterion]) -> str:
    """The default form: a JSON array of `{"id", "criteria"}` objects, whose texts have their braces escaped."""
    rows = [f'  {{ "id": "{c.id}", "criteria": {_json_text(c.text)} }}' for c in criteria]
    return "[\n" + ",\n".join(rows) + "\n]" if rows else "[]"


def _in_form(body: str, found: Found, wanted: tuple[Criterion, ...]) -> str:
    known = {item.id or f"C{n}": item for n, item in enumerate(found.items, 1)}
    first, last = found.items[0].whole, found.items[-1].whole
    if not wanted and found.form in JSON_FORMS:
        return body[: found.span.start] + ("{}" if found.form is Form.MAPPING else "[]") + body[found.span.end :]
    gaps = {(one, two): body[known[one].whole.end : known[two].whole.start] for one, two in pairwise(known)}
    usual = next(iter(gaps.values()), _DEFAULT_BETWEEN[found.form])
    parts: list[str] = []
    for place, criterion in enumerate(wanted):
        if place:
            parts.append(gaps.get((wanted[place - 1].id, criterion.id), usual))
        item = known.get(criterion.id)
        parts.append(_kept(body, found.form, item, criterion) if item else _fresh(body, found, criterion, place + 1))
    return body[: first.start] + "".join(parts) + body[last.end :]


def _kept(body: str, form: Form, item: Item, criterion: Criterion) -> str:
    if item.text == criterion.text:
        return item.whole.of(body)
    return _replaced(body, item.whole, [(item.text_at, _encoded(form, item, criterion))])


def _fresh(body: str, found: Found, criterion: Criterion, place: int) -> str:
    """A new item in the form of the last one."""
    like, form = found.items[-1], found.form
    text = _encoded(form, like, criterion)
    if form in {Form.OBJECTS, Form.OTHER_OBJECTS}:
        number = criterion.id.removeprefix("C")
        key = json.dumps(re.sub(r"[0-9]+\Z", number, like.text_key), ensure_ascii=False)
        named = f'"{like.id_key}": "{criterion.id}", ' if like.id_key else ""
        return f"{{ {named}{key}: {text} }}"
    if form is Form.MAPPING:
        return f'"{criterion.id}": {text}'
    if form is Form.STRINGS:
        return text
    edits = [(like.text_at, text)]
    if like.id_at:
        edits.append((like.id_at, criterion.id))
    piece = _replaced(body, like.whole, edits)
    lead = like.text_at.start - like.whole.start
    if form is Form.BULLETS:
        return _LAST_NUMBER.sub(str(place), piece[:lead]) + piece[lead:]
    return piece


def _encoded(form: Form, item: Item, criterion: Criterion) -> str:
    text = criterion.text
    if form is Form.STRINGS and item.id_at:
        text = f"{criterion.id}: {text}"
    if form in JSON_FORMS:
        return _json_text(text)
    return text.replace("|", "\\|") if form is Form.TABLE else text


def _json_text(text: str) -> str:
    """The text as a JSON string without literal braces: programs that look for objects with a regular expression drop
    those whose texts contain braces (docs/notebooks.md)."""
    return json.dumps(text, ensure_ascii=False).replace("{", "\\u007b").replace("}", "\\u007d")


def _replaced(body: str, whole: Span, edits: list[tuple[Span, str]]) -> str:
    text, offset = whole.of(body), whole.start
    for span, new in sorted(edits, key=lambda edit: edit[0].start, reverse=True):
        text = text[: span.start - offset] + new + text[span.end - offset :]
    return text
