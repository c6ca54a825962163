"""How a criterion finds its check: understood to the last word, or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache, partial

from core.simulator.checks import content, counting
from core.simulator.checks.counting import Unit, find_unit
from core.simulator.checks.text import Check, Finding, all_of, any_of, negate

RULES = (*counting.RULES, *content.RULES)
"""The first that reads a demand decides; the last is the widest."""

MAX_CRITERION_CHARS = 2_000
MAX_CONJUNCTIONS = 5
"""A sentence with more of them is prose, and trying every split would take too long."""
MAX_CACHED_CHECKS = 4_096
_MAX_VERBS = 8

_ASKING = r"(?:(?:does|do|did|is|are|has|have|must|should|can)\s+)?"
_OWNER = r"(?:model['’]s|student['’]s|assistant['’]s|given|final|whole|entire|complete|generated)"
_THING = (
    r"(?:response|reply|answer|text|output|message|poem|story|e-?mail|letter|apology|note|essay|summary|explanation"
    r"|haiku|list)"
)
_SUBJECT = re.compile(rf"{_ASKING}(?:(?:the|this|its)\s+)?(?:{_OWNER}\s+)*(?:{_THING}\b|it\b)\s*", re.IGNORECASE)
_AUXILIARY = re.compile(rf"{_ASKING}(?=(?:the\s+|its\s+)?(?:first|last)\s+(?:letters?|words?)\b)", re.IGNORECASE)
_MODAL = re.compile(
    r"(?:must|should|shall|will|may|can|needs?\s+to|ha(?:s|ve)\s+to|is\s+to|does|do|is|are|be|also|explicitly|clearly"
    r"|correctly|actually|strictly|entirely\s+(?=free|avoid))\s+",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"(?:(?:does|do|is|must|should|has|ca)n['’]t\s+|cannot\s+|not\s+(?!more|less|fewer|longer)|never\s+"
    r"|avoid(?:s|ing)?\s+|omits?\s+|exclud(?:es?|ing)\s+|free\s+(?:of|from)\s+|refrains?\s+from\s+|without\s+"
    r"|no\s+(?!more\b|less\b|fewer\b|longer\b|option\b|answer\b|choice\b))",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"(?:contain(?:s|ing)?|includ(?:es?|ing)|us(?:es?|ing)|mention(?:s|ing)?|stat(?:es?|ing)|say(?:s|ing)?|nam(?:es?|ing)"
    r"|consists?\s+of|comprises?|ha(?:s|ve|ving)|stays?|keeps?(?:\s+to)?|runs?\s+to|makes?\s+use\s+of|employs?"
    r"|written|features?|giv(?:es?|ing)|provides?|refers?\s+to|limited\s+to|the\s+use\s+of|claims?|offers?|quotes?)\s+",
    re.IGNORECASE,
)
_EXCEED = re.compile(r"(?:exceed(?:s|ing)?|go(?:es)?\s+(?:over|beyond))\s+", re.IGNORECASE)
_PARENTHESIS = re.compile(
    r"\s*\((?:inclusive|included|case-insensitive|in any case|not counting [^)]*)\)", re.IGNORECASE
)
_NEITHER = re.compile(r"\bneither\b(.*?)\bnor\b", re.IGNORECASE)
_EACH = re.compile(
    r"(?:(?:does|do|is|are|has|have|must)\s+)?(?P<no>no|every|each|all(?:\s+of)?(?:\s+the|\s+its)?|all\s+the)\s+"
    r"(?P<unit>lines?|sentences?|paragraphs?|bullet\s+points?|bullets?|words?)"
    r"(?:\s+(?:of|in)\s+(?:the|its)\s+\w+)?\s+(?P<rest>.+)",
    re.IGNORECASE,
)
_CONJUNCTION = re.compile(r",?\s+(?P<word>and|but|or)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Demand:
    """A criterion without its subject and verbs: "Does it avoid the word "very"?" demands `the word "very"`, denied."""

    text: str
    denied: bool = False


@lru_cache(maxsize=MAX_CACHED_CHECKS)
def find_check(criterion: str) -> Check | None:
    """The check that decides this criterion by reading the reply; None when no program can."""
    if len(criterion) > MAX_CRITERION_CHARS:
        return None
    text = _PARENTHESIS.sub("", " ".join(criterion.split())).rstrip(" ?.!;")
    text = _NEITHER.sub(r"no\1or", text)
    return _read_each(text) or _read_simple(_read_demand(text)) or _read_compound(text)


def _read_demand(text: str) -> Demand:
    text = _SUBJECT.sub("", text, count=1) if _SUBJECT.match(text) else text
    return _strip_verbs(_AUXILIARY.sub("", text, count=1))


def _strip_verbs(text: str) -> Demand:
    """The demand of a sentence whose subject is known."""
    denied = False
    for _ in range(_MAX_VERBS):
        if match := _EXCEED.match(text):
            return Demand("more than " + text[match.end() :], denied)
        if match := _DENIAL.match(text):
            denied = not denied
        elif not (match := _MODAL.match(text) or _VERB.match(text)):
            break
        text = text[match.end() :]
    return Demand(text, denied)


def _read_simple(demand: Demand) -> Check | None:
    check = _apply_rules(demand.text)
    return (_read_none_of(demand.text) or negate(check)) if check and demand.denied else check


def _apply_rules(text: str) -> Check | None:
    shape, pieces = content.mask_quotes(text)
    return next((check for rule in RULES if (check := rule.read(shape, pieces))), None)


def _read_none_of(text: str) -> Check | None:
    """ "does not use "x" and "y"" forbids each, although "uses "x" and "y"" demands both."""
    pieces = [piece for piece in re.split(r",?\s+and\s+|,\s+", text) if piece]
    checks = [check for piece in pieces if (check := _apply_rules(piece))]
    return negate(any_of(checks)) if 2 <= len(pieces) == len(checks) else None


def _read_compound(text: str) -> Check | None:
    """Two demands in one sentence, each of which must be understood."""
    conjunctions = list(_CONJUNCTION.finditer(text))
    for match in conjunctions if len(conjunctions) <= MAX_CONJUNCTIONS else ():
        rest, word = text[match.end() :], match["word"].lower()
        left, right = _read_demand(text[: match.start()]), _read_demand(rest)
        if left.denied and (word == "or" or right.text == rest):  # "avoids a and b": without a verb of its own
            right = Demand(right.text, denied=True)
        first = _read_simple(left)
        second = first and (_read_simple(right) or _read_compound(rest))
        if first and second:
            return any_of([first, second]) if word == "or" and not left.denied else all_of([first, second])
    return None


def _read_each(text: str) -> Check | None:
    """ "every line has at most nine words", "no sentence is longer than 12 words"."""
    match = _EACH.fullmatch(text)
    check = _read_simple(_strip_verbs(match["rest"])) if match else None
    if match is None or check is None:
        return None
    return partial(_check_each, find_unit(match["unit"]), negate(check) if match["no"].lower() == "no" else check)


def _check_each(unit: Unit, check: Check, reply: str) -> Finding:
    parts = unit.parts(reply)
    for number, part in enumerate(parts, 1):
        if not (finding := check(part)).passed:
            reason = finding.reason.replace("the reply", f"{unit.name} {number}")
            return Finding(False, reason.replace("The reply", f"{unit.name.title()} {number}"), part)
    return Finding(bool(parts), f"Checked each {unit.name} ({len(parts)} in all): all pass.")
