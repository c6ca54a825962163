"""The table of checks, and how a criterion finds its own: understood to the last word, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from core.simulator.checks.claims import claims
from core.simulator.checks.counting import counting, unit_named
from core.simulator.checks.demand import Demand, plain, read_demand, strip_verbs
from core.simulator.checks.finding import Check, Finding, all_of, any_of, opposite
from core.simulator.checks.form import form
from core.simulator.checks.places import beginning_or_ending
from core.simulator.checks.wording import containing, occurring, spelling

RULES: tuple[Callable[[str], Check | None], ...] = (
    counting,
    occurring,
    spelling,
    beginning_or_ending,
    form,
    claims,
    containing,
)
"""Each reads one kind of demand. The first that understands it decides; `containing` is the widest, so the last."""

_EACH = re.compile(
    r"(?:(?:does|do|is|are|has|have|must)\s+)?(?P<no>no|every|each|all(?:\s+of)?(?:\s+the|\s+its)?|all\s+the)\s+"
    r"(?P<unit>lines?|sentences?|paragraphs?|bullet\s+points?|bullets?|words?)"
    r"(?:\s+(?:of|in)\s+(?:the|its)\s+\w+)?\s+(?P<rest>.+)",
    re.IGNORECASE,
)
_JOINT = re.compile(r",?\s+(?P<joint>and|but|or)\s+", re.IGNORECASE)
_CRITERION_CHARS = 2_000
_JOINTS_MOST = 5
"""With more of them the sentence is prose, and trying every split would take too long."""
REMEMBERED = 4_096


@lru_cache(maxsize=REMEMBERED)
def check_for(criterion: str) -> Check | None:
    """The check that decides this criterion by looking at the reply, or None when no program can."""
    if len(criterion) > _CRITERION_CHARS:
        return None
    text = plain(criterion)
    return _each_part(text) or _simple(read_demand(text)) or _compound(text)


def _simple(demand: Demand) -> Check | None:
    check = _rule_for(demand.text)
    if check is None or not demand.denied:
        return check
    return _none_of_them(demand.text) or opposite(check)


def _rule_for(text: str) -> Check | None:
    return next((found for rule in RULES if (found := rule(text))), None)


def _none_of_them(text: str) -> Check | None:
    """ "does not use "x" and "y"" forbids each, although "uses "x" and "y"" wants both."""
    pieces = [part for part in re.split(r",?\s+and\s+|,\s+", text) if part]
    checks = [_rule_for(piece) for piece in pieces]
    whole = [check for check in checks if check]
    if len(pieces) < 2 or len(whole) < len(pieces):
        return None
    return opposite(any_of(whole))


def _compound(text: str) -> Check | None:
    """Two demands in one sentence, each of which must be understood."""
    joints = list(_JOINT.finditer(text))
    for joint in joints if len(joints) <= _JOINTS_MOST else ():
        rest, word = text[joint.end() :], joint["joint"].lower()
        left, right = read_demand(text[: joint.start()]), read_demand(rest)
        if left.denied and (word == "or" or right.text == rest):  # "avoids a and b": without a verb of its own
            right = Demand(right.text, denied=True)
        first = _simple(left)
        second = first and (_simple(right) or _compound(rest))
        if first and second:
            alternative = word == "or" and not left.denied
            return any_of([first, second]) if alternative else all_of([first, second])
    return None


def _each_part(text: str) -> Check | None:
    """ "every line has at most nine words", "no sentence is longer than 12 words"."""
    match = _EACH.fullmatch(text)
    unit = unit_named(match["unit"]) if match else None
    if match is None or unit is None:
        return None
    inner = _simple(strip_verbs(match["rest"]))
    if inner is None:
        return None
    if match["no"].lower() == "no":
        inner = opposite(inner)
    return _for_each(unit.name, unit.parts, inner)


def _for_each(name: str, parts: Callable[[str], list[str]], inner: Check) -> Check:
    def check(reply: str) -> Finding:
        found = [(part, inner(part)) for part in parts(reply)]
        odd = next(((place, part, f) for place, (part, f) in enumerate(found, 1) if not f.passed), None)
        if odd:
            place, part, finding = odd
            said = finding.reason.replace("the reply", f"{name} {place}").replace(
                "The reply", f"{name.title()} {place}"
            )
            return Finding(False, said, part[:200])
        return Finding(bool(found), f"Looked at each {name} on its own, {len(found)} in all: every one fits.")

    return check
