"""Checks that count: words, sentences, bullet points, question marks, … and whether there are any at all."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from core.simulator.checks.amounts import AMOUNT, Amount, plural, read_amount
from core.simulator.checks.finding import Check, Finding
from core.simulator.checks.text import bullets, lines, numbered, paragraphs, sentences, words

_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\U0001f1e6-\U0001f1ff]")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_TABLE_ROW = re.compile(r"^\s*\|.*\|\s*$", re.MULTILINE)


def _found(pattern: str, flags: int = 0) -> Callable[[str], list[str]]:
    compiled = re.compile(pattern, flags)
    return lambda text: [match.group() for match in compiled.finditer(text)]


@dataclass(frozen=True, slots=True)
class Unit:
    name: str
    pattern: str
    """As criteria write it, singular or plural."""
    parts: Callable[[str], list[str]]

    def count(self, text: str) -> int:
        return len(self.parts(text))


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
    Unit("emoji", r"emojis?", _found(_EMOJI.pattern)),
    Unit("heading", r"(?:markdown\s+)?head(?:ing|er)s?", _found(r"^#{1,6}\s+\S.*$", re.MULTILINE)),
    Unit("bold passage", r"bold(?:\s+(?:text|words?|passages?|type))?", _found(r"\*\*[^*\n]+\*\*")),
    Unit("code block", r"(?:code\s+(?:blocks?|fences?)|fenced\s+code)", _found(_FENCE.pattern, _FENCE.flags)),
    Unit("table row", r"(?:markdown\s+)?tables?", _found(_TABLE_ROW.pattern, _TABLE_ROW.flags)),
    Unit("link", r"(?:links?|urls?|web\s+address(?:es)?)", _found(r"https?://\S+")),
)
_UNIT = "(?:" + "|".join(f"(?P<u{place}>{unit.pattern})" for place, unit in enumerate(UNITS)) + ")"
_ALWAYS_THERE = frozenset({"word", "sentence", "paragraph", "line", "list item", "character"})
"""To ask whether there are any of these makes no sense: "mentions characters" means something else."""
_TAIL = r"(?:\s+(?:long|in\s+length|in\s+total|in\s+all|altogether|overall|at\s+all|anywhere))?"
_TRAILING = r"(?:\s+(?:or\s+(?P<trailing>fewer|less|more)|(?P<at_most>at\s+most|at\s+the\s+most)))?"
_COUNT = re.compile(rf"{AMOUNT}\s+{_UNIT}{_TRAILING}{_TAIL}", re.IGNORECASE)
_ANY = re.compile(rf"(?:(?:a|an|any|some)\s+)?{_UNIT}{_TAIL}", re.IGNORECASE)


def unit_named(text: str) -> Unit | None:
    """The unit that a criterion calls so ("line", "bullet points")."""
    return next((unit for unit in UNITS if re.fullmatch(unit.pattern, text, re.IGNORECASE)), None)


def counting(demand: str) -> Check | None:
    """ "at most 120 words", "a single paragraph", "a question mark", "emojis"; None for anything else."""
    if match := _COUNT.fullmatch(demand):
        trailing = "at most" if match["at_most"] else (match["trailing"] or "").lower()
        return _counted(_unit_of(match), read_amount(match, trailing))
    if (match := _ANY.fullmatch(demand)) and (unit := _unit_of(match)).name not in _ALWAYS_THERE:
        return _counted(unit, Amount(1, math.inf))
    return None


def _unit_of(match: re.Match[str]) -> Unit:
    return next(unit for place, unit in enumerate(UNITS) if match[f"u{place}"])


def _counted(unit: Unit, amount: Amount) -> Check:
    def check(reply: str) -> Finding:
        parts = unit.parts(reply)
        name = {"emoji": "emoji", "parenthesis": "parentheses"}.get(unit.name, "")
        reason = f"Counted {plural(len(parts), unit.name, name)} in the reply, held against {amount.words}."
        shown = parts[0] if parts and unit.name not in {"word", "character"} and len(parts[0]) <= 200 else ""
        return Finding(amount.holds(len(parts)), reason, shown)

    return check
