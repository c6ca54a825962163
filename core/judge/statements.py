"""What one JSON object says of the criterion that was asked for.

A verdict is a member `verdict`, `result`, `status` or `grade` (`answer` where there is none of these), or a member
named by the criterion's id, as real judge prompts ask for it: `[Grading Basis]: {"C1": "PASS", "C2": "FAIL"}`. Where
an object names several criteria, the asked one's verdict is taken and the others are left alone.

What stands inside another object or list is that one's verdict only if it is a row of the asked criterion, or if the
outer object is nothing but a wrapper: the `{"status": "pass"}` of a step is no verdict.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.domain.verdict import Verdict
from core.judge.objects import Json, JsonObject

VERDICT_KEYS = ("verdict", "result", "status", "grade")
LAST_RESORT = "answer"  # in a task about answers this may also be the student's, so it never contradicts the others
ID_KEYS = ("id", "criterion_id", "criterion", "criteria_id")
REASON_KEYS = ("reason", "explanation", "message", "reasoning", "rationale", "justification")
EVIDENCE_KEYS = ("evidence", "quote")
WRAPPER_KEYS = (
    *("answer", "assessment", "criteria", "criterion", "evaluation", "evaluations", "grading", "judgement"),
    *("judgment", "output", "result", "results", "verdict", "verdicts"),
)

# ASCII: with Unicode's rules `pasſ` is PASS without regard to case.
_WORD = re.compile(r"[\s*_`'\"]*(pass|fail)(?:ed)?[\s*_`'\".]*", re.IGNORECASE | re.ASCII)
_ID = re.compile(r"[\s*_`]*(C[1-9][0-9]{0,3})(?=[\s*_`]*(?:$|[:.)\]–—-]))", re.IGNORECASE | re.ASCII)
_PART = re.compile(r"step|check|example|quote|reply|replies|response|student|test|item|case|part|task")


@dataclass(frozen=True)
class Statement:
    """One verdict (None: its words cannot be used), its key, the criterion that it names, and the object it is in."""

    verdict: Verdict | None
    key: str
    about: str | None
    source: JsonObject
    inner: bool
    """It belongs to a part of the object, such as a step, and not to the object."""


def statements_on(asked: str, value: JsonObject) -> list[Statement]:
    """The verdicts on `asked` (an id in upper case), those that name no criterion included; named ones first.

    Empty when the object gives none, or names only other criteria: then a verdict without a name is their total.
    An inner statement is listed only beside one of the object's own, and only if its key is `verdict`: whether the
    two contradict each other is for the caller to decide.
    """
    found = list(_statements(value, None, inner=False))
    names = {statement.about for statement in found}
    if asked not in names and names - {None}:
        return []
    named_first = sorted(found, key=lambda statement: statement.about is None)
    on_asked = [statement for statement in named_first if statement.about in (asked, None)]
    if all(statement.inner for statement in on_asked):
        return []
    return [statement for statement in on_asked if not statement.inner or statement.key == "verdict"]


def _statements(node: Json, about: str | None, *, inner: bool) -> Iterator[Statement]:
    """Every verdict in `node`; `about` is the criterion that the surroundings name."""
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
                continue  # words per criterion: {"C1": "why", "C2": "why"}
            if isinstance(value, JsonObject | list):
                part = not row and (inner or not wrapper or not _is_wrapped(node, name, value))
                yield from _statements(value, row or about, inner=part)
            elif row:
                yield Statement(verdict_of(value), "row", row, node, inner=False)
        for key, verdict in own:
            yield Statement(verdict, key, about, node, inner)


def _may_wrap(node: JsonObject) -> bool:
    """Whether exactly one member holds more than a value, the reasons left aside."""
    parts = (name for name, value in node.members if isinstance(value, JsonObject | list))
    return sum(key_of(name) not in REASON_KEYS + EVIDENCE_KEYS for name in parts) == 1


def _is_wrapped(node: JsonObject, name: str, value: JsonObject | list[Json]) -> bool:
    """Whether this one member is the whole answer, and not a step of it."""
    key = key_of(name)
    if isinstance(value, list):
        return key in WRAPPER_KEYS and len(value) == 1
    return key in WRAPPER_KEYS or (len(node.members) == 1 and not _PART.match(key))


def _own_verdicts(node: JsonObject) -> list[tuple[str, Verdict | None]]:
    """A `verdict` must be usable; the other words may also mean something else, and then count for nothing."""
    scalars = ((key_of(name), value) for name, value in node.members if not isinstance(value, JsonObject | list))
    said = [(key, verdict_of(value)) for key, value in scalars if key in (*VERDICT_KEYS, LAST_RESORT)]
    verdicts = [(key, verdict) for key, verdict in said if key == "verdict" or (key != LAST_RESORT and verdict)]
    return verdicts or [(key, verdict) for key, verdict in said if verdict]


def row_id(name: str) -> str | None:
    """The criterion that a key is: `"C2": "PASS"`."""
    row = _ID.fullmatch(name.strip(" *_`:"))
    return row[1].upper() if row else None


def named_in(node: JsonObject) -> str | None:
    """The criterion that the object says it is about: `"id": "C2"`, `"criterion": "C2: text"`."""
    texts = (value for name, value in node.members if isinstance(value, str) and key_of(name) in ID_KEYS)
    return next((named[1].upper() for text in texts if (named := _ID.match(text))), None)


def verdict_of(value: Json) -> Verdict | None:
    """PASS or FAIL, when the value is that word and nothing else."""
    word = _WORD.fullmatch(value) if isinstance(value, str) else None
    return Verdict(word[1].upper()) if word else None


def key_of(name: str) -> str:
    """`Verdict`, `**verdict**` are `verdict`. Only ASCII folds: `ſtatus` is another word."""
    key = name.strip(" *_`")
    return key.lower().replace(" ", "_") if key.isascii() else key


def words_in(node: JsonObject, keys: tuple[str, ...], asked: str) -> str:
    """The first text under one of `keys`, in the order of the keys; "" when there is none."""
    members = [(key_of(name), value) for name, value in node.members]
    texts = (_text(value, asked) for key in keys for name, value in members if name == key)
    return next((text for text in texts if text), "")


def _text(value: Json, asked: str) -> str:
    """A text, a list of texts as lines, or what an object says under the asked id."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return "\n".join(item.strip() for item in value if isinstance(item, str)).strip()
    if isinstance(value, JsonObject):
        return next((v.strip() for name, v in value.members if name.upper() == asked and isinstance(v, str)), "")
    return ""
