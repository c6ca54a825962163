"""A criterion's sentence without what every criterion says: "Does the response avoid the word "very"?" demands
`the word "very"`, denied.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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
_NOT_TO_EXCEED = re.compile(r"(?:exceed(?:s|ing)?|go(?:es)?\s+(?:over|beyond))\s+", re.IGNORECASE)
_ASIDE = re.compile(r"\s*\((?:inclusive|included|case-insensitive|in any case|not counting [^)]*)\)", re.IGNORECASE)
_NEITHER = re.compile(r"\bneither\b(.*?)\bnor\b", re.IGNORECASE)
_STEPS_MOST = 8


@dataclass(frozen=True, slots=True)
class Demand:
    text: str
    denied: bool = False


def plain(criterion: str) -> str:
    """The criterion on one line, without asides and the sign at its end, "neither a nor b" as "no a or b"."""
    text = _ASIDE.sub("", " ".join(criterion.split())).rstrip(" ?.!;")
    return _NEITHER.sub(r"no\1or", text)


def read_demand(criterion: str) -> Demand:
    """What the criterion demands of the reply, as a noun phrase, and whether it is denied ("does not", "avoids")."""
    text = plain(criterion)
    text = _AUXILIARY.sub("", _SUBJECT.sub("", text, count=1) if _SUBJECT.match(text) else text, count=1)
    return strip_verbs(text)


def strip_verbs(text: str) -> Demand:
    """The same for the rest of a sentence whose subject is known."""
    denied = False
    for _ in range(_STEPS_MOST):
        if match := _MODAL.match(text):
            text = text[match.end() :]
        elif match := _DENIAL.match(text):
            denied, text = not denied, text[match.end() :]
        elif match := _NOT_TO_EXCEED.match(text):
            text = "more than " + text[match.end() :]
        elif match := _VERB.match(text):
            text = text[match.end() :]
        else:
            break
    return Demand(text, denied)
