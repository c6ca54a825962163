"""Checks for words in quotation marks: that they occur, how often, where the reply begins and ends with them."""

from __future__ import annotations

import re

from core.simulator.checks.amounts import AMOUNT, plural, read_amount
from core.simulator.checks.finding import Check, Finding, all_of, any_of, quote
from core.simulator.checks.text import bare, lines

_QUOTED = re.compile(
    r"\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”|`([^`\n]{1,200})`|«\s?([^»\n]{1,200}?)\s?»"
    r"|(?<![\w’'])['‘]([^'’‘\n]{1,200})['’](?!\w)"
)
_MARK = "\ue000"  # stands for a quoted piece while the words around it are read; nobody types it
_KIND = r"(?:exact|literal|single|english|following|made-up)"
_NOUN = r"(?:words?|phrases?|names?|terms?|sentences?|strings?|expressions?|characters?|numbers?|titles?)"
_FILLER = (
    rf"(?:(?:the|a|any|either|both|all|each|every|one|at\s+least\s+one)\s+(?:of\s+)?)*(?:{_KIND}\s+)*(?:{_NOUN}\s+)?"
)
_TAIL = (
    r"(?:\s+(?:anywhere|at\s+all|altogether|somewhere|by\s+name|verbatim|literally|even\s+once|in\s+it"
    r"|in\s+(?:the|its)\s+(?:text|response|reply)))?"
)
_LIST = rf"{_MARK}(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+){_FILLER}{_MARK})*"
_NAMING = rf"(?:(?:calls?|describes?)\s+[^{_MARK}:]{{1,80}}?\s+(?:as\s+)?|[^{_MARK}:]{{1,80}}:\s*)?"
_CONTAINS = re.compile(rf"(?P<naming>{_NAMING})(?P<filler>{_FILLER})(?P<list>{_LIST}){_TAIL}", re.IGNORECASE)
_LETTER = re.compile(rf"(?:(?:the|any)\s+)?letters?\s+(?P<list>{_LIST}){_TAIL}", re.IGNORECASE)
_BARE_LETTER = re.compile(rf"(?:the\s+)?letter\s+(?P<letter>[a-z]){_TAIL}", re.IGNORECASE)
_TIMES = re.compile(rf"{_FILLER}{_MARK}\s+{AMOUNT}\s+times?", re.IGNORECASE)
_ONCE, _TWICE = re.compile(r"\bonce\b", re.IGNORECASE), re.compile(r"\btwice\b", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"\bor\b|\beither\b|\bany\b|\bat least one\b|\bone of\b", re.IGNORECASE)
_ACROSTIC = re.compile(
    rf"(?:the\s+)?first\s+letters?\s+of\s+(?:the|its|every|each|all)\s*(?:the\s+)?lines?(?:\s+of\s+the\s+response)?,?"
    rf"(?:\s+read\s+downwards,?)?\s+spells?\s+(?:out\s+)?(?:the\s+word\s+)?{_MARK}",
    re.IGNORECASE,
)


def masked(demand: str) -> tuple[str, list[str]]:
    """The demand with a mark for each quoted piece, and the pieces in order."""
    pieces: list[str] = []

    def keep(match: re.Match[str]) -> str:
        pieces.append(next(piece for piece in match.groups() if piece))
        return _MARK

    return _QUOTED.sub(keep, demand), pieces


def containing(demand: str) -> Check | None:
    """ "the word "very"", ""Curie" or "Soddy"", "the letter "b"", "letter e"; None for anything else."""
    shape, pieces = masked(demand)
    if bare_letter := _BARE_LETTER.fullmatch(shape):
        return _letter(bare_letter["letter"])
    if (match := _LETTER.fullmatch(shape)) and all(len(piece) == 1 for piece in pieces):
        return _any_or_all(match["list"], [_letter(piece) for piece in pieces])
    if pieces and (match := _CONTAINS.fullmatch(shape)):
        said = match["naming"] + match["filler"] + match["list"]
        return _any_or_all(said, [_phrase(piece) for piece in pieces])
    return None


def _any_or_all(said: str, checks: list[Check]) -> Check:
    return any_of(checks) if _ALTERNATIVE.search(said) else all_of(checks)


def is_alternative(demand: str) -> bool:
    """Whether quoted pieces are joined by "or": "does not" then means none of them."""
    return bool(_ALTERNATIVE.search(masked(demand)[0]))


def occurring(demand: str) -> Check | None:
    """ "the word "fish" exactly three times"; None for anything else."""
    shape, pieces = masked(demand)
    match = _TIMES.fullmatch(_TWICE.sub("two times", _ONCE.sub("one time", shape)))
    if match is None or len(pieces) != 1:
        return None
    piece, amount = pieces[0], read_amount(match)

    def check(reply: str) -> Finding:
        places = list(_pattern(piece).finditer(reply))
        evidence = quote(reply, *places[0].span()) if places else ""
        return Finding(
            amount.holds(len(places)), f"“{piece}” occurs {plural(len(places), 'time')} in the reply.", evidence
        )

    return check


def spelling(demand: str) -> Check | None:
    """ "the first letters of the lines spell "CAKE""; None for anything else."""
    shape, pieces = masked(demand)
    if not _ACROSTIC.fullmatch(shape):
        return None
    wanted = pieces[0].casefold()

    def check(reply: str) -> Finding:
        firsts = "".join(bare(line)[:1] for line in lines(reply))
        first_line = next(iter(lines(reply)), "")[:200]
        reason = f"The first letters of the lines spell “{firsts[:40].upper()}”."
        return Finding(firsts.casefold() == wanted, reason, first_line)

    return check


def _pattern(piece: str) -> re.Pattern[str]:
    """The piece as whole words, without case, its blanks and apostrophes however they are written."""
    inner = r"\s+".join(re.escape(word).replace("’", "'").replace("'", "['’]") for word in piece.split())
    before = r"(?<!\w)" if piece[:1].isalnum() else ""
    after = r"(?!\w)" if piece[-1:].isalnum() else ""
    return re.compile(before + inner + after, re.IGNORECASE)


def _phrase(piece: str) -> Check:
    pattern = _pattern(piece)

    def check(reply: str) -> Finding:
        if match := pattern.search(reply):
            return Finding(True, f"“{piece}” stands in the reply.", quote(reply, *match.span()))
        return Finding(False, f"“{piece}” stands nowhere in the reply.")

    return check


def _letter(letter: str) -> Check:
    def check(reply: str) -> Finding:
        count = reply.casefold().count(letter.casefold())
        reason = f"The letter “{letter}” occurs {plural(count, 'time')} in the reply."
        found = re.search(re.escape(letter), reply, re.IGNORECASE)
        return Finding(count > 0, reason, quote(reply, *found.span()) if found else "")

    return check
