"""Repair broken JSON with json-repair. The result is a proposal that the trainer must confirm."""

from __future__ import annotations

import re
from typing import Any

import json_repair

from core.notebooks.criteria.forms import Span, id_in, is_id, is_text
from core.notebooks.criteria.json_lists import id_key, text_key

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
        if isinstance(element, dict) and text_key(element):
            found.append((id_in(element.get(id_key(element))), element[text_key(element)]))
        elif is_text(element):
            found.append(("", element))
        elif isinstance(element, list):
            found.extend(_pairs(element))
    return found
