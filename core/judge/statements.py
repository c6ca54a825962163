"""The verdicts of one JSON object on a criterion.

A verdict is a member `verdict`, `result`, `status` or `grade` (`answer` if there is none of these), or a member named
after the criterion's id, as real judge prompts request: `[Grading Basis]: {"C1": "PASS", "C2": "FAIL"}`. Verdicts on
other criteria are ignored.

A verdict in a nested object or list counts only in a row about the criterion, or if the outer object is just a wrapper.
The `{"status": "pass"}` of a step is not a verdict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.domain.verdict import Verdict
from core.judge.objects import Json, JsonObject

VERDICT_KEYS = ("verdict", "result", "status", "grade")
LAST_RESORT = "answer"  # may also be a student's answer, so it never contradicts the other keys
ID_KEYS = ("id", "criterion_id", "criterion", "criteria_id")
REASON_KEYS = ("reason", "explanation", "message", "reasoning", "rationale", "justification")
EVIDENCE_KEYS = ("evidence", "quote")
WRAPPER_KEYS = (
    *("answer", "assessment", "criteria", "criterion", "evaluation", "evaluations", "grading", "judgement"),
    *("judgment", "output", "result", "results", "verdict", "verdicts"),
)

# ASCII: with Unicode rules, `pasſ` equals PASS when case is ignored.
_WORD = re.compile(r"[\s*_`'\"]*(pass|fail)(?:ed)?[\s*_`'\".]*", re.IGNORECASE | re.ASCII)
_ID = re.compile(r"[\s*_`]*(C[1-9][0-9]{0,3})(?=[\s*_`]*(?:$|[:.)\]–—-]))", re.IGNORECASE | re.ASCII)
_PART = re.compile(r"step|check|example|quote|reply|replies|response|student|test|item|case|part|task")


@dataclass(frozen=True)
class Statement:
    """One verdict (None if it is not PASS or FAIL), its key, the named criterion, and the object that contains it."""

    verdict: Verdict | None
    key: str
    about: str | None
    source: JsonObject
    inner: bool
    """The verdict is about a part of the object, such as a step."""


def statements_on(criterion_id: str, value: JsonObject) -> list[Statement]:
    """The verdicts on `criterion_id` (an id in upper case) or on no named criterion; named ones first.

    Empty when the object has none, or names only other criteria: an unnamed verdict is their total then.
    Inner statements are included only if the object also has its own, and only with the key `verdict`. The caller
    decides whether they contradict each other.
    """
    found = list(_statements(value, None, inner=False))
    names = {statement.about for statement in found}
    if criterion_id not in names and names - {None}:
        return []
    named_first = sorted(found, key=lambda statement: statement.about is None)
    on_criterion = [statement for statement in named_first if statement.about in (criterion_id, None)]
    if all(statement.inner for statement in on_criterion):
        return []
    return [statement for statement in on_criterion if not statement.inner or statement.key == "verdict"]


def _statements(node: Json, about: str | None, *, inner: bool) -> Iterator[Statement]:
    """Every verdict in `node`; `about` is the criterion named by an enclosing object."""
    if isinstance(node, list):
        for item in node:
            yield from _statements(item, about, inner=inner)
    elif isinstance(node, JsonObject):
        named = named_in(node)
        about, inner = named or about, inner and named is None
        own = _own_verdicts(node)
        wrapper = not own and _may_wrap(node)
        for name, value in node.members:
            row = row_id(name)
            if key_of(name) in REASON_KEYS + EVIDENCE_KEYS:
                continue  # texts per criterion: {"C1": "why", "C2": "why"}
            if isinstance(value, JsonObject | list):
                part = not row and (inner or not wrapper or not _is_wrapped(node, name, value))
                yield from _statements(value, row or about, inner=part)
            elif row:
                yield Statement(verdict_of(value), "row", row, node, inner=False)
        for key, verdict in own:
            yield Statement(verdict, key, about, node, inner)


def _may_wrap(node: JsonObject) -> bool:
    """Whether exactly one member, apart from reasons and evidence, is an object or list."""
    parts = (name for name, value in node.members if isinstance(value, JsonObject | list))
    return sum(key_of(name) not in REASON_KEYS + EVIDENCE_KEYS for name in parts) == 1


def _is_wrapped(node: JsonObject, name: str, value: JsonObject | list[Json]) -> bool:
    """Whether this member is the whole answer and not a step."""
    key = key_of(name)
    if isinstance(value, list):
        return key in WRAPPER_KEYS and len(value) == 1
    return key in WRAPPER_KEYS or (len(node.members) == 1 and not _PART.match(key))


def _own_verdicts(node: JsonObject) -> list[tuple[str, Verdict | None]]:
    """The object's own verdicts by key. A `verdict` other than PASS or FAIL gives None. Other keys may mean something
    else, so their values are ignored unless they are PASS or FAIL."""
    scalars = ((key_of(name), value) for name, value in node.members if not isinstance(value, JsonObject | list))
    verdicts_by_key = [(key, verdict_of(value)) for key, value in scalars if key in (*VERDICT_KEYS, LAST_RESORT)]
    verdicts = [
        (key, verdict) for key, verdict in verdicts_by_key if key == "verdict" or (key != LAST_RESORT and verdict)
    ]
    return verdicts or [(key, verdict) for key, verdict in verdicts_by_key if verdict]


def row_id(name: str) -> str | None:
    """The criterion that a key names: `"C2": "PASS"`."""
    row = _ID.fullmatch(name.strip(" *_`:"))
    return row[1].upper() if row else None


def named_in(node: JsonObject) -> str | None:
    """The criterion that the object names: `"id": "C2"`, `"criterion": "C2: text"`."""
    texts = (value for name, value in node.members if isinstance(value, str) and key_of(name) in ID_KEYS)
    return next((named[1].upper() for text in texts if (named := _ID.match(text))), None)


def verdict_of(value: Json) -> Verdict | None:
    """PASS or FAIL if the value is exactly that word, else None."""
    word = _WORD.fullmatch(value) if isinstance(value, str) else None
    return Verdict(word[1].upper()) if word else None


def key_of(name: str) -> str:
    """Normalizes `Verdict` and `**verdict**` to `verdict`. Only for ASCII: `ſtatus` is a different key."""
    key = name.strip(" *_`")
    return key.lower().replace(" ", "_") if key.isascii() else key


def words_in(node: JsonObject, keys: tuple[str, ...], criterion_id: str) -> str:
    """The first text under one of `keys`, in the order of the keys; "" when there is none."""
    members = [(key_of(name), value) for name, value in node.members]
    texts = (_text(value, criterion_id) for key in keys for name, value in members if name == key)
    return next((text for text in texts if text), "")


def _text(value: Json, criterion_id: str) -> str:
    """A text, a list of texts joined as lines, or an object's text for the criterion."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return "\n".join(item.strip() for item in value if isinstance(item, str)).strip()
    if isinstance(value, JsonObject):
        return next((v.strip() for name, v in value.members if name.upper() == criterion_id and isinstance(v, str)), "")
    return ""
