"""Checks that count: "at most 120 words", "a single paragraph", "between two and four bullet points", "emojis"."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from core.simulator.checks.text import Finding, Rule, bullets, lines, numbered, paragraphs, sentences, words

_NUMBER_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_VALUES = {name: value for value, name in enumerate(_NUMBER_WORDS)} | {"a single": 1}
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+|a single|" + "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True)) + ")"
_MAX = "at most|no more than|not more than|no longer than|not longer than|up to|within|a maximum of|maximum"
_BELOW = "fewer than|less than|under|below|shorter than"
_MIN = "at least|no fewer than|no less than|not less than|not fewer than|a minimum of|minimum"
_ABOVE = "more than|over|above|longer than"
AMOUNT = (
    rf"(?:(?:between|from)\s+(?P<low>{_NUMBER})\s+(?:and|to)\s+(?P<high>{_NUMBER})"
    rf"|(?P<low2>{_NUMBER})\s*(?:to|–|-)\s*(?P<high2>{_NUMBER})"
    rf"|(?:(?P<max>{_MAX})|(?P<below>{_BELOW})|(?P<min>{_MIN})|(?P<above>{_ABOVE})"
    rf"|(?:exactly|precisely|only|just)(?:\s+the)?)?\s*\b(?P<number>{_NUMBER})(?P<or>\s+or\s+(?:fewer|less|more))?)"
)
"""The pattern of an amount, to be put before that of a unit; `read_amount` reads its match."""


@dataclass(frozen=True, slots=True)
class Amount:
    low: float
    high: float

    def __contains__(self, count: int) -> bool:
        return self.low <= count <= self.high

    def __str__(self) -> str:
        if self.low == self.high:
            return f"exactly {self.low:g}"
        if self.high == math.inf:
            return f"at least {self.low:g}"
        return f"at most {self.high:g}" if self.low == 0 else f"{self.low:g} to {self.high:g}"


def read_amount(match: re.Match[str], suffix: str = "") -> Amount:
    """The amount that AMOUNT matched; `suffix` is what follows the unit: "or less", "or more", "at most"."""
    if low := match["low"] or match["low2"]:
        return Amount(_number(low), _number(match["high"] or match["high2"]))
    number, last_word = _number(match["number"]), (suffix or match["or"] or "or").lower().split()[-1]
    if match["max"] or last_word in {"less", "fewer", "most"}:
        return Amount(0, number)
    if match["min"] or last_word == "more":
        return Amount(number, math.inf)
    if match["below"]:
        return Amount(0, number - 1)
    return Amount(number + 1, math.inf) if match["above"] else Amount(number, number)


def _number(text: str) -> int:
    folded = " ".join(text.casefold().split())
    return _VALUES[folded] if folded in _VALUES else int(folded.replace(",", ""))


def plural(count: int, singular: str) -> str:
    name = singular if count == 1 else {"emoji": "emoji", "parenthesis": "parentheses"}.get(singular, singular + "s")
    return f"{count:,} {name}"


@dataclass(frozen=True, slots=True)
class Unit:
    name: str
    pattern: str
    """As criteria write it, singular or plural."""
    parts: Callable[[str], list[str]]


def _found(pattern: str) -> Callable[[str], list[str]]:
    return re.compile(pattern, re.MULTILINE | re.DOTALL).findall


UNITS: tuple[Unit, ...] = (
    Unit("word", r"words?", words),
    Unit("sentence", r"(?:full\s+)?sentences?", sentences),
    Unit("paragraph", r"paragraphs?", paragraphs),
    Unit("line", r"(?:non-blank\s+)?lines?", lines),
    Unit("bullet point", r"(?:bullet(?:ed)?[\s-]+(?:points?|items?|lists?)|bullets?)", bullets),
    Unit("numbered item", r"numbered\s+(?:items?|steps?|points?|lists?)", numbered),
    Unit("list item", r"(?:list\s+)?items?", lambda text: bullets(text) + numbered(text)),
    Unit("character", r"characters?", list),
    Unit("question mark", r"(?:question\s+marks?|questions?)", _found(r"\?")),
    Unit("exclamation mark", r"exclamation\s+(?:marks?|points?)", _found("!")),
    Unit("comma", r"commas?", _found(",")),
    Unit("semicolon", r"semi-?colons?", _found(";")),
    Unit("dash", r"(?:em[\s-]?dash(?:es)?|dash(?:es)?)", _found("[–—]")),
    Unit("parenthesis", r"(?:parenthes[ie]s|brackets?)", _found(r"[()\[\]]")),
    Unit("number", r"(?:numbers?|numerals?|digits?|figures?)", _found(r"\d+(?:[.,]\d+)*")),
    Unit("emoji", r"emojis?", _found("[\U0001f300-\U0001faff\u2600-\u27bf\U0001f1e6-\U0001f1ff]")),
    Unit("heading", r"(?:markdown\s+)?head(?:ing|er)s?", _found(r"^#{1,6}\s+\S[^\n]*$")),
    Unit("bold passage", r"bold(?:\s+(?:text|words?|passages?|type))?", _found(r"\*\*[^*\n]+\*\*")),
    Unit("code block", r"(?:code\s+(?:blocks?|fences?)|fenced\s+code)", _found(r"^```.*?^```")),
    Unit("table row", r"(?:markdown\s+)?tables?", _found(r"^\s*\|[^\n]*\|\s*$")),
    Unit("link", r"(?:links?|urls?|web\s+address(?:es)?)", _found(r"https?://\S+")),
)
_ALWAYS_PRESENT = frozenset({"word", "sentence", "paragraph", "line", "list item", "character"})
"""Asking whether a reply has any of these makes no sense: "mentions characters" means something else."""
_TAIL = r"(?:\s+(?:long|in\s+length|in\s+total|in\s+all|altogether|overall|at\s+all|anywhere))?"
_SUFFIX = r"(?:\s+(?P<suffix>or\s+(?:fewer|less|more)|at\s+(?:the\s+)?most))?"


def _any_of(units: Iterable[Unit]) -> str:
    return f"(?P<unit>{'|'.join(unit.pattern for unit in units)})"


def find_unit(name: str) -> Unit:
    """The unit that a criterion calls `name` ("line", "bullet points")."""
    return next(unit for unit in UNITS if re.fullmatch(unit.pattern, name, re.IGNORECASE))


def _check_count(match: re.Match[str], _pieces: Sequence[str], reply: str) -> Finding:
    return _count(match, read_amount(match, match["suffix"] or ""), reply)


def _count(match: re.Match[str], amount: Amount, reply: str) -> Finding:
    unit = find_unit(match["unit"])
    parts = unit.parts(reply)
    evidence = parts[0] if parts and unit.name not in {"word", "character"} and len(parts[0]) <= 200 else ""
    reason = f"Counted {plural(len(parts), unit.name)} in the reply; required: {amount}."
    return Finding(len(parts) in amount, reason, evidence)


RULES = (
    Rule(rf"{AMOUNT}\s+{_any_of(UNITS)}{_SUFFIX}{_TAIL}", _check_count),
    Rule(
        rf"(?:(?:a|an|any|some)\s+)?{_any_of(unit for unit in UNITS if unit.name not in _ALWAYS_PRESENT)}{_TAIL}",
        lambda match, _, reply: _count(match, Amount(1, math.inf), reply),
    ),
)
