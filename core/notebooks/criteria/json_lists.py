"""Criteria as JSON inside prose. Tries every bracket that may start a value; the decoder handles strings.

Work is limited to MAX_BRACKETS brackets and about eight times the text's length. Broken JSON is repaired with
json-repair; the result is a proposal that the trainer must confirm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from core.notebooks.criteria.forms import Form, Found, Item, Span, id_in, is_id, is_text
from core.notebooks.json_positions import Member, Node, elements_at, members_at, value_at

MAX_BRACKETS = 400
_MAY_BEGIN = re.compile(r"""\[(?=\s{0,2000}[{"“”„'‘’])|\{(?=\s{0,2000}["“”„'‘’])""")
_BRACKET = re.compile(r'\\.|["\[\]{}]', re.DOTALL)
_ID_WRITTEN = re.compile(r"(C[1-9][0-9]{0,3})\s{0,3}[:：.)–-]\s{1,3}(?=\S)", re.IGNORECASE | re.ASCII)


@dataclass
class JsonSearch:
    """The result of a search. `broken`: spans that look like JSON but are invalid."""

    strong: Found | None = None
    """Objects or a mapping, which identify themselves as criteria."""
    weak: Found | None = None
    """A list of sentences, used only if nothing better is found."""
    other: Found | None = None
    """Objects with an id and one text under an unknown key."""
    uncertain: Found | None = None
    """Objects with an id and several texts, where the criterion is ambiguous."""
    further: Found | None = None
    """A second list of objects after the first."""
    loose: list[Item] = field(default_factory=list)
    """Criterion objects outside an array."""
    broken: list[Span] = field(default_factory=list)


def search_json(body: str) -> JsonSearch:
    """All JSON in `body` that may be criteria; the first of each kind."""
    search = JsonSearch()
    passed = 0
    for start, node in _values(body, search.broken):
        if start < passed:
            continue
        found = _as_criteria(body, node)
        if found is None:
            _keep_loose(body, node, search)
        elif found.form is Form.OTHER_OBJECTS:
            if all(len(other_text_keys(element)) == 1 for element in node.value):
                search.other = search.other or found
            else:
                search.uncertain = search.uncertain or found
            passed = node.end
        elif found.form is Form.STRINGS:
            search.weak = search.weak or found
            passed = node.end
        elif search.strong is None:
            search.strong, passed = found, node.end
        else:
            search.further, passed = search.further or found, node.end
    return search


def _values(body: str, broken: list[Span]) -> Iterator[tuple[int, Node]]:
    """All values that decode, outside of broken ones, whose spans are added to `broken`."""
    closed = tries = work = 0
    for bracket in _MAY_BEGIN.finditer(body):
        start = bracket.start()
        if start < closed:
            continue
        tries += 1
        if tries > MAX_BRACKETS or work > 8 * len(body) + 10_000:
            broken.append(Span(start, len(body)))
            return
        try:
            node = value_at(body, start, raw_breaks=True)
        except (ValueError, RecursionError):
            closed = _balanced_end(body, start)
            broken.append(Span(start, closed))
            work += closed - start
            continue
        work += node.end - start
        yield start, node


def _balanced_end(body: str, start: int) -> int:
    """The offset after the bracket that closes the one at `start`, ignoring strings; the end if none does."""
    depth, in_string = 0, False
    for mark in _BRACKET.finditer(body, start):
        sign = mark.group()
        if sign == '"':
            in_string = not in_string
        elif in_string or len(sign) == 2:
            continue
        elif sign in "[{":
            depth += 1
        else:
            depth -= 1
            if depth <= 0:
                return mark.end()
    return len(body)


def _as_criteria(body: str, node: Node) -> Found | None:
    value = node.value
    span = Span(node.start, node.end)
    if isinstance(value, dict):
        if value and all(is_id(key) for key in value) and any(is_text(text) for text in value.values()):
            members, _ = members_at(body, node.start, raw_breaks=True)
            return Found(Form.MAPPING, span, tuple(_entry(member) for member in members))
        return None
    if value and any(isinstance(element, dict) and text_key(element) for element in value):
        nodes, _ = elements_at(body, node.start, raw_breaks=True)
        return Found(Form.OBJECTS, span, tuple(_object(body, element) for element in nodes))
    if value and all(isinstance(element, dict) and other_text_keys(element) for element in value):
        nodes, _ = elements_at(body, node.start, raw_breaks=True)
        return Found(Form.OTHER_OBJECTS, span, tuple(_object(body, element) for element in nodes))
    if _are_sentences(value):
        nodes, _ = elements_at(body, node.start, raw_breaks=True)
        return Found(Form.STRINGS, span, tuple(_string(element) for element in nodes))
    return None


def _are_sentences(value: Any) -> bool:
    strings = isinstance(value, list) and bool(value) and all(isinstance(element, str) for element in value)
    return strings and all(is_text(element) for element in value) and any(" " in e.strip() for e in value)


def text_key(element: dict[str, Any]) -> str:
    """The key that holds a criterion's text: one that starts with `criteria`, else `description`, else `text`. A text
    that is only a verdict or an id counts in the form that we write (`core.notebooks.criteria.write`)."""
    if element.keys() == {"id", "criteria"} and id_in(element["id"]) and _is_written(element["criteria"]):
        return "criteria"
    for name in ("criteria", "criterion"):
        for key, value in element.items():
            folded = key.strip().casefold()
            if folded.startswith(name) and not folded.endswith("id") and is_text(value):
                return key
    for name in ("description", "text"):
        for key, value in element.items():
            if key.strip().casefold() == name and is_text(value):
                return key
    return ""


def _is_written(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def other_text_keys(element: dict[str, Any]) -> list[str]:
    """The keys beside the id whose values are texts (`rule`, `question`, …); none if there is no id."""
    named = id_key(element)
    return [key for key, value in element.items() if named and key != named and is_text(value)]


def criterion_key(element: dict[str, Any]) -> str:
    """The key that holds a criterion's text: `text_key`, else the longest text beside the id; "" without one."""
    return text_key(element) or max(other_text_keys(element), key=lambda key: len(element[key]), default="")


def id_key(element: dict[str, Any]) -> str:
    """The key that holds a criterion's id, or ""."""
    named = {"id", "criterion_id", "criteria_id", "criterionid", "criteriaid"}
    return next((key for key in element if key.strip().casefold() in named), "")


def _object(body: str, node: Node) -> Item:
    whole = Span(node.start, node.end)
    if not isinstance(node.value, dict):
        return Item(whole, whole, text="")
    members = {m.key: m.node for m in members_at(body, node.start, raw_breaks=True)[0]}
    named, told = id_key(node.value), criterion_key(node.value)
    id_node, text_node = members.get(named), members.get(told)
    return Item(
        whole=whole,
        text_at=Span(text_node.start, text_node.end) if text_node else whole,
        text=text_node.value if text_node else "",
        id=id_in(id_node.value) if id_node else "",
        text_key=told,
        id_key=named,
    )


def _entry(member: Member) -> Item:
    node = member.node
    return Item(
        whole=Span(member.start, node.end),
        text_at=Span(node.start, node.end),
        text=node.value if isinstance(node.value, str) else "",
        id=id_in(member.key),
    )


def _string(node: Node) -> Item:
    whole = Span(node.start, node.end)
    written = _ID_WRITTEN.match(node.value.lstrip())
    if not written:
        return Item(whole, whole, text=node.value)
    return Item(whole, whole, text=node.value.lstrip()[written.end() :], id=id_in(written.group(1)), id_at=whole)


def _keep_loose(body: str, node: Node, search: JsonSearch) -> None:
    if search.strong is None and isinstance(node.value, dict) and id_key(node.value) and criterion_key(node.value):
        search.loose.append(_object(body, node))


MAX_REPAIR_CHARS = 30_000
"""Characters. json-repair's time grows with the square on hostile text: 60 ms at 15,000, so about 250 ms here."""

_QUOTE = "[\"“”„'‘’]"
_LIKE_OBJECTS = re.compile(rf"{_QUOTE}(?:id|criteri\w{{0,20}})\s?{_QUOTE}\s{{0,3}}[:=]", re.IGNORECASE)
_LIKE_MAPPING = re.compile(
    rf"{_QUOTE}C[1-9][0-9]{{0,3}}{_QUOTE}\s{{0,3}}[:=]\s{{0,3}}{_QUOTE}(?!PASS|FAIL|UNDET|MISS|N/A)", re.IGNORECASE
)
_LIKE_SENTENCES = re.compile(
    rf"\[\s{{0,200}}{_QUOTE}\w+[^\"“”\n]{{0,400}}\s\w+[^\"“”\n]{{0,2000}}{_QUOTE}\s{{0,20}}[,\]]"
)
_SMART = str.maketrans({"“": '"', "”": '"', "„": '"'})
_SMART_JSON = re.compile(r"[\[{]\s{0,20}[“”„]")
"""Typographic quotation marks in place of JSON's own, and not inside a text."""


def looks_like_criteria(text: str) -> bool:
    """Whether broken JSON was probably meant as criteria, in a form that identifies itself."""
    return bool(_LIKE_OBJECTS.search(text) or _LIKE_MAPPING.search(text))


def looks_like_sentences(text: str) -> bool:
    return bool(_LIKE_SENTENCES.match(text[:4000]))


def repaired(body: str, broken: Span) -> list[tuple[str, str]]:
    """(id or "", text) of each item in the repaired JSON; empty if it cannot be repaired."""
    text = broken.of(body)
    text = text[: max(text.rfind("]"), text.rfind("}")) + 1] or text
    if len(text) > MAX_REPAIR_CHARS:
        return []
    import json_repair

    try:
        return _pairs(json_repair.loads(text.translate(_SMART) if _SMART_JSON.search(text) else text))
    except (RecursionError, ValueError):
        return []


def _pairs(value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict) and value and all(is_id(key) for key in value):
        return [(id_in(key), text) for key, text in value.items() if is_text(text)]
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return []
    found = []
    for element in value:
        if isinstance(element, dict) and (told := criterion_key(element)):
            found.append((id_in(element.get(id_key(element))), element[told]))
        elif is_text(element):
            found.append(("", element))
        elif isinstance(element, list):
            found.extend(_pairs(element))
    return found
