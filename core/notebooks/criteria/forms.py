"""A list of criteria found inside prose: its form, its items, and their positions, so that they can be replaced."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from core.domain.verdict import Verdict


class Form(StrEnum):
    OBJECTS = "objects"
    """`[{"id": "C1", "criteria1": "…"}]`"""
    OTHER_OBJECTS = "other_objects"
    """`[{"id": "C1", "rule": "…"}]`: one text beside the id, under a key that does not say that it is a criterion."""
    STRINGS = "strings"
    """`["…", "C2: …"]`"""
    MAPPING = "mapping"
    """`{"C1": "…"}`"""
    TABLE = "table"
    LINES = "lines"
    """`C1: …`, with or without a bullet before it."""
    BULLETS = "bullets"
    """A list without ids."""


NAMED_FORMS = frozenset({Form.OBJECTS, Form.MAPPING})
"""Forms that identify themselves as criteria."""
JSON_FORMS = frozenset({Form.OBJECTS, Form.OTHER_OBJECTS, Form.STRINGS, Form.MAPPING})


MAX_ITEMS = 10_000
"""Maximum items parsed per list. Ids end at C9999, so a longer list is never accepted as criteria."""


@dataclass(frozen=True)
class Span:
    start: int
    end: int

    def of(self, body: str) -> str:
        return body[self.start : self.end]


@dataclass(frozen=True)
class Item:
    """One criterion in the text: the positions of the item, its text, and its id if it has one."""

    whole: Span
    text_at: Span
    text: str
    id: str = ""
    """`C3` when the written id means that; the written word when it means nothing; "" when none is written."""
    id_at: Span | None = None
    """In lines, tables and lists of sentences; in JSON objects an id is never replaced on its own."""
    text_key: str = ""
    id_key: str = ""


@dataclass(frozen=True)
class Found:
    form: Form
    span: Span
    """The whole list, brackets included."""
    items: tuple[Item, ...]


_ID = re.compile(r"(?:c|criterion|criteria)?[\s._-]{0,2}0{0,3}([1-9][0-9]{0,3})", re.IGNORECASE | re.ASCII)
_NOT_A_TEXT = frozenset(v.value for v in Verdict) | {"N/A", "YES", "NO", "TRUE", "FALSE"}


def id_in(word: object) -> str:
    """The criterion id that a written id means: `c1`, `C01`, `1` and 1 are C1. Anything else comes back as it is."""
    if isinstance(word, bool) or not isinstance(word, str | int):
        return ""
    written = str(word)[:40].strip()
    meant = _ID.fullmatch(written)
    return f"C{meant.group(1)}" if meant else written


def is_id(word: str) -> bool:
    return len(word) <= 40 and _ID.fullmatch(word.strip()) is not None


def is_text(value: object) -> bool:
    """Whether a value can be a criterion's text: some words, and not a verdict or an id alone."""
    if not isinstance(value, str):
        return False
    word = value.strip()
    return bool(word) and word.upper() not in _NOT_A_TEXT and not is_id(word)
