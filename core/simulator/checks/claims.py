"""Checks of what a reply says and of its form: no option is right, the answer is 42, valid JSON, lower case."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from core.simulator.checks.quoted import MASK
from core.simulator.checks.text import Finding, Rule, quote, words

_NONE_OF = (
    r"(?:that\s+)?(?:none\s+of\s+(?:the\s+|these\s+)?(?:\w+\s+){0,3}?(?:options|answers|choices|alternatives)"
    r"|no\s+(?:option|answer|choice))(?:\s*\([^)]*\))?"
    r"\s*(?:is|are|can\s+be)\s+(?:correct|right|true|valid)"
)
_SAYS_NONE = re.compile(
    r"\bnone\s+of\s+(?:the|these|those|them|your)\b(?:\s+(?!is\b|are\b)\w+){0,4}|\bno\s+(?:correct|right|valid)\s+"
    r"(?:option|answer|choice)\b|\b(?:all|every\s+one)\s+(?:of\s+)?(?:the\s+|these\s+)?(?:four|five|three|given)?\s*options"
    r"\s+(?:are|is)\s+(?:wrong|incorrect|false)\b|\bnot\s+any\s+of\s+(?:the|these)\b",
    re.IGNORECASE,
)
_PICKS = re.compile(
    r"\b(?:correct|right|best)\s+(?:answer|choice|option)\s+(?:is|must\s+be|would\s+be)\s+(?!none|not\b)[^.\n]{0,40}"
    r"|\bthe\s+answer\s+is\s+\**(?:option\s+)?[A-H]\b[).]?",
    re.IGNORECASE,
)
_ANSWER_NOUN = r"(?:final\s+|correct\s+|right\s+)*(?:answer|result|total|sum|solution)"
_AMOUNT = r"[-−]?[$€£]?\d+(?:,\d{3})*(?:\.\d+)?"
_FIGURE = rf"{_AMOUNT}\s?%?"
_ANSWER = (
    rf"(?:that\s+)?(?:the\s+)?{_ANSWER_NOUN}\s+(?:is|as|of|to\s+be|equals)\s+(?P<value>{_FIGURE})"
    rf"|(?P<value2>{_FIGURE})\s+as\s+(?:the\s+|its\s+)?{_ANSWER_NOUN}"
)
_NUMBER = rf"(?:(?:the\s+)?(?:exact\s+)?(?:number|figure|value|year)\s+)?(?P<value>{_FIGURE})(?:\s+anywhere)?"
_STATED = re.compile(
    r"\b(?:answer|result|total|sum|solution)\b(?:\s+\w+){0,3}?\s*(?:is|=|:|equals)\s*\**\s*(?P<not>not\s+)?"
    rf"(?P<stated>{_AMOUNT})",
    re.IGNORECASE,
)
_MENTIONED = re.compile(rf"(?<![\w.]){_AMOUNT}(?!\w)")
_JSON = (
    r"(?:(?:a|one)\s+)?(?:single\s+)?(?:valid\s+|well-formed\s+|parsable\s+)?json(?:\s+(?P<kind>object|array|list))?"
    rf"(?:\s+with\s+(?:the\s+)?keys?\s+{MASK}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){MASK})*)?"
)
_JSON_TYPES: dict[str, tuple[type, ...]] = {"object": (dict,), "array": (list,), "list": (list,), "": (dict, list)}
_CASE = (
    r"(?:(?:entirely|completely|fully|only|all)\s+)?(?:in\s+)?(?:(?:entirely|all|only)\s+)?"
    r"(?:(?P<upper>upper[\s-]?case|capitals?|capital\s+letters|caps)|(?:lower[\s-]?case|small\s+letters))"
    r"(?:\s+letters)?(?:\s+(?:only|throughout))?"
)


def _check_rejects_options(_match: re.Match[str], _pieces: Sequence[str], reply: str) -> Finding:
    rejects, picks = _SAYS_NONE.search(reply), _PICKS.search(reply)
    if picks and not _SAYS_NONE.search(picks.group()):
        return Finding(False, "The reply chooses one of the options.", quote(reply, *picks.span()))
    if rejects:
        return Finding(True, "The reply rejects every option.", quote(reply, *rejects.span()))
    return Finding(False, "The reply does not say that no option is right.")


def _normalize(number: str) -> str:
    bare = re.sub(r"[\s,$€£%]", "", number).replace("−", "-")
    return bare.rstrip("0").rstrip(".") if "." in bare else bare


def _check_answer(match: re.Match[str], _pieces: Sequence[str], reply: str) -> Finding:
    value = match["value"] or match["value2"]
    stated = [found for found in _STATED.finditer(reply) if not found["not"]]
    if not stated:
        return _find_number(value, reply)
    last = stated[-1]
    reason = f"The reply gives {last['stated']} as its answer; expected {value}."
    return Finding(_normalize(last["stated"]) == _normalize(value), reason, quote(reply, *last.span()))


def _find_number(value: str, reply: str) -> Finding:
    for found in _MENTIONED.finditer(reply):
        if _normalize(found.group()) == _normalize(value):
            return Finding(True, f"The reply contains the number {value}.", quote(reply, *found.span()))
    return Finding(False, f"The reply does not contain the number {value}.")


def _check_json(match: re.Match[str], keys: Sequence[str], reply: str) -> Finding:
    shown = reply.strip()[:120]
    try:
        value = json.loads(reply)
    except (ValueError, RecursionError) as error:
        return Finding(False, f"The reply is not JSON: {error}.", shown)
    if not isinstance(value, (dict,) if keys else _JSON_TYPES[(match["kind"] or "").lower()]):
        return Finding(False, f"The reply is JSON of the wrong type: {type(value).__name__}.", shown)
    if missing := [key for key in keys if isinstance(value, dict) and key not in value]:
        return Finding(False, f"The JSON has no key {', '.join(missing)}.", shown)
    return Finding(True, "The reply is JSON of the required form.", shown)


def _check_case(match: re.Match[str], _pieces: Sequence[str], reply: str) -> Finding:
    upper, found = bool(match["upper"]), words(reply)
    name = "upper case" if upper else "lower case"
    if odd := next((word for word in found if word != (word.upper() if upper else word.lower())), ""):
        return Finding(False, f"“{odd}” is not in {name}.", odd)
    return Finding(bool(found), f"Every word of the reply is in {name}." if reply.strip() else "No words.")


RULES = (
    Rule(_JSON, _check_json),
    Rule(_CASE, _check_case),
    Rule(_NONE_OF, _check_rejects_options),
    Rule(_ANSWER, _check_answer),
    Rule(_NUMBER, lambda match, _, reply: _find_number(match["value"], reply)),
)
