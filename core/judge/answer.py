"""Reading a judge's answer: the verdict on the one criterion that was asked for, or nothing.

Which object counts: the last whole one that gives a verdict which can be about this criterion. A verdict is a member
`verdict`, `result`, `status` or `grade` (`answer` where there is none of these), or a member named by the criterion's
id, as real judge prompts ask for it: `[Grading Basis]: {"C1": "PASS", "C2": "FAIL"}`. Where such an object names
several criteria, the asked one's verdict is taken and the others are left alone: only one criterion was put to the
judge, so its row is the one that was judged, and the rest comes from the form.

What is not guessed: an object that contradicts itself, a verdict that is neither PASS nor FAIL, a row of another
criterion, words outside an object. And a closing brace left over behind the object: then the object was a piece of
something broken, for instance a quote of the reply that the judge did not escape, and a reply must not speak for its
judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.domain.value import Value
from core.domain.verdict import Verdict
from core.judge.objects import Found, Json, JsonObject, whole_objects
from core.judge.unicode import bounded, encodable

REASON_MOST_CHARS = 50_000  # the judge's whole output allowance is some 60,000
EVIDENCE_MOST_CHARS = 20_000

VERDICT_KEYS = ("verdict", "result", "status", "grade")
LAST_RESORT = "answer"  # in a task about answers this may also be the student's, so it never contradicts the others
ID_KEYS = ("id", "criterion_id", "criterion", "criteria_id")
REASON_KEYS = ("reason", "explanation", "message", "reasoning", "rationale", "justification")
EVIDENCE_KEYS = ("evidence", "quote")

_WORD = re.compile(r"[\s*_`'\"]*(pass|fail)(?:ed)?[\s*_`'\".]*", re.IGNORECASE)
_ID = re.compile(r"[\s*_`]*(C[1-9][0-9]{0,3})(?=[\s*_`]*(?:$|[:.)\]–—-]))", re.IGNORECASE)
_EXPLANATION = re.compile(r"\[\s*explanation\s*\]\s*:?", re.IGNORECASE)
_FENCE = re.compile(r"```\w*")


class Answer(Value):
    """What a judge said of one criterion, in a form that can be used."""

    verdict: Verdict
    """PASS or FAIL."""
    reason: str
    """Whole, or "" when the judge gave none."""
    evidence: str
    """As the judge wrote it; whether the reply says so is for core.judge.evidence to find."""


@dataclass(frozen=True)
class _Statement:
    """One verdict (None: its words cannot be used), the criterion that it names, the object that it stands in."""

    verdict: Verdict | None
    about: str | None
    source: JsonObject


def read_answer(text: str, criterion_id: str, reply_text: str = "") -> Answer | None:
    """The judge's verdict on `criterion_id` with its reason; None when the text holds no usable one. Never raises.

    An object that stands word for word in `reply_text`, the reply that is judged, is a quote and no verdict.
    """
    asked = criterion_id.upper()
    chosen, statements = _last_word(text, asked, reply_text)
    if chosen is None or len({statement.verdict for statement in statements}) != 1:
        return None
    verdict, source = statements[0].verdict, statements[0].source
    if verdict is None:
        return None
    reason = _words(source, REASON_KEYS, asked) or _words(chosen.value, REASON_KEYS, asked) or _around(text, chosen)
    evidence = _words(source, EVIDENCE_KEYS, asked) or _words(chosen.value, EVIDENCE_KEYS, asked)
    return Answer(
        verdict=verdict, reason=bounded(reason, REASON_MOST_CHARS), evidence=evidence[:EVIDENCE_MOST_CHARS].strip()
    )


def _last_word(text: str, asked: str, reply_text: str) -> tuple[Found | None, list[_Statement]]:
    """The last object that speaks of the asked criterion, and what it says; nothing when a brace is left over."""
    chosen: Found | None = None
    statements: list[_Statement] = []
    left_over, end = False, 0
    for found in whole_objects(text):
        left_over = left_over or "}" in text[end : found.start]
        whole = _with_doubled_braces(text, found)
        end = whole.end
        said = _about(asked, found.value)
        if said and text[found.start : found.end] not in reply_text:
            chosen, statements, left_over = whole, said, False
    if left_over or "}" in text[end:]:
        return None, []
    return chosen, statements


def _with_doubled_braces(text: str, found: Found) -> Found:
    """The object as it stands in `{{"verdict": "PASS"}}`, the form that templates for templates ask for."""
    start, end = found.start, found.end
    while start > 0 and text[start - 1] == "{" and text.startswith("}", end):
        start, end = start - 1, end + 1
    return Found(start, end, found.value)


def _about(asked: str, value: JsonObject) -> list[_Statement]:
    """What the object says of the asked criterion, what names none included. Nothing when it names only others: then
    a verdict without a name is their total."""
    statements = list(_statements(value, None))
    names = {statement.about for statement in statements}
    if asked not in names and names - {None}:
        return []
    named_first = sorted(statements, key=lambda statement: statement.about is None)
    return [statement for statement in named_first if statement.about in (asked, None)]


def _statements(node: Json, about: str | None) -> Iterator[_Statement]:
    """Every verdict in `node`; `about` is the criterion that the surroundings name."""
    if isinstance(node, list):
        for item in node:
            yield from _statements(item, about)
    elif isinstance(node, JsonObject):
        about = _named_in(node) or about
        for name, value in node.members:
            row = _ID.fullmatch(name.strip(" *_`:"))
            inside = row[1].upper() if row else about
            if _key(name) in REASON_KEYS + EVIDENCE_KEYS:
                continue  # words per criterion: {"C1": "why", "C2": "why"}
            if isinstance(value, JsonObject | list):
                yield from _statements(value, inside)
            elif row:
                yield _Statement(_verdict(value), inside, node)
        for verdict in _own_verdicts(node):
            yield _Statement(verdict, about, node)


def _own_verdicts(node: JsonObject) -> list[Verdict | None]:
    """A `verdict` must be usable; the other words may also mean something else, and then count for nothing."""
    said = [(_key(name), _verdict(value)) for name, value in node.members if not isinstance(value, JsonObject | list)]
    verdicts = [verdict for key, verdict in said if key == "verdict" or (key in VERDICT_KEYS and verdict)]
    return verdicts or [verdict for key, verdict in said if key == LAST_RESORT and verdict]


def _named_in(node: JsonObject) -> str | None:
    """The criterion that the object says it is about: `"id": "C2"`, `"criterion": "C2: text"`."""
    texts = (value for name, value in node.members if _key(name) in ID_KEYS and isinstance(value, str))
    return next((named[1].upper() for text in texts if (named := _ID.match(text))), None)


def _verdict(value: Json) -> Verdict | None:
    word = _WORD.fullmatch(value) if isinstance(value, str) else None
    return Verdict(word[1].upper()) if word else None


def _key(name: str) -> str:
    return name.strip(" *_`").casefold().replace(" ", "_")


def _words(node: JsonObject, keys: tuple[str, ...], asked: str) -> str:
    """The first text under one of `keys`, in the order of the keys; "" when there is none."""
    texts = (_text(value, asked) for key in keys for name, value in node.members if _key(name) == key)
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


def _around(text: str, chosen: Found) -> str:
    """The reason when the object has none: what follows `[Explanation]`, else all that stands around the object."""
    for explanation in _EXPLANATION.finditer(text, chosen.end):
        return encodable(text[explanation.end() :].strip())
    outside = f"{text[: chosen.start].strip()}\n{text[chosen.end :].strip()}"
    return encodable(_FENCE.sub("", outside).strip())
