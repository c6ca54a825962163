"""Checks of a reply's form: JSON, capitals."""

from __future__ import annotations

import json
import re

from core.simulator.checks.finding import Check, Finding
from core.simulator.checks.text import words
from core.simulator.checks.wording import masked

_MARK = "\ue000"
_JSON = re.compile(
    r"(?:(?:a|one)\s+)?(?:single\s+)?(?:valid\s+|well-formed\s+|parsable\s+)?json(?:\s+(?P<kind>object|array|list))?"
    rf"(?:\s+with\s+(?:the\s+)?keys?\s+(?P<keys>{_MARK}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){_MARK})*))?",
    re.IGNORECASE,
)
_CASE = re.compile(
    r"(?:(?:entirely|completely|fully|only|all)\s+)?(?:in\s+)?(?:(?:entirely|all|only)\s+)?"
    r"(?:(?P<upper>upper[\s-]?case|capitals?|capital\s+letters|caps)|(?P<lower>lower[\s-]?case|small\s+letters))"
    r"(?:\s+letters)?(?:\s+(?:only|throughout))?",
    re.IGNORECASE,
)


def form(demand: str) -> Check | None:
    """ "valid JSON", "a JSON object with the keys "a" and "b"", "entirely in lower case"; None for anything else."""
    shape, pieces = masked(demand)
    if match := _JSON.fullmatch(shape):
        return _json((match["kind"] or "").lower(), pieces)
    if match := _CASE.fullmatch(shape):
        return _case(upper=bool(match["upper"]))
    return None


def _json(kind: str, keys: list[str]) -> Check:
    kinds: dict[str, tuple[type, ...]] = {"object": (dict,), "array": (list,), "list": (list,)}
    wanted = (dict,) if keys else kinds.get(kind, (dict, list))

    def check(reply: str) -> Finding:
        shown = reply.strip()[:120]
        try:
            value = json.loads(reply)
        except (ValueError, RecursionError) as error:
            return Finding(False, f"The reply is not JSON: {error}.", shown)
        if not isinstance(value, wanted):
            return Finding(False, f"The reply is JSON of another kind than asked for: {type(value).__name__}.", shown)
        if missing := [key for key in keys if isinstance(value, dict) and key not in value]:
            return Finding(False, f"The JSON has no key {', '.join(missing)}.", shown)
        return Finding(True, "The reply parses as the JSON that was asked for.", shown)

    return check


def _case(*, upper: bool) -> Check:
    name = "upper case" if upper else "lower case"

    def check(reply: str) -> Finding:
        odd = next((w for w in words(reply) if w != (w.upper() if upper else w.lower())), "")
        if odd:
            return Finding(False, f"“{odd}” is not in {name}.", odd)
        return Finding(bool(words(reply)), f"Every word of the reply is in {name}." if reply.strip() else "No words.")

    return check
