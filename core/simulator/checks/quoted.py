"""Checks of words in quotation marks: that they occur, how often, that the reply begins or ends with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from core.simulator.checks.counting import AMOUNT, Amount, plural, read_amount
from core.simulator.checks.text import Check, Finding, all_of, any_of, lines, quote, sentences, strip_markup, words

_QUOTED = re.compile(
    r"\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”|`([^`\n]{1,200})`|«\s?([^»\n]{1,200}?)\s?»"
    r"|(?<![\w’'])['‘]([^'’‘\n]{1,200})['’](?!\w)"
)
MASK = "\ue000"  # replaces a quoted piece while the words around it are read; nobody types it
_NOUN = r"(?:words?|phrases?|names?|terms?|sentences?|strings?|expressions?|characters?|numbers?|titles?)"
_FILLER = (
    r"(?:(?:the|a|any|either|both|all|each|every|one|at\s+least\s+one)\s+(?:of\s+)?)*"
    rf"(?:(?:exact|literal|single|english|following|made-up)\s+)*(?:{_NOUN}\s+)?"
)
_TAIL = (
    r"(?:\s+(?:anywhere|at\s+all|altogether|somewhere|by\s+name|verbatim|literally|even\s+once|in\s+it"
    r"|in\s+(?:the|its)\s+(?:text|response|reply)))?"
)
_LIST = rf"{MASK}(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+){_FILLER}{MASK})*"
_NAMING = rf"(?:(?:calls?|describes?)\s+[^{MASK}:]{{1,80}}?\s+(?:as\s+)?|[^{MASK}:]{{1,80}}:\s*)?"
_CONTAINS = re.compile(rf"{_NAMING}{_FILLER}{_LIST}{_TAIL}", re.IGNORECASE)
_LETTERS = re.compile(rf"(?:(?:the|any)\s+)?letters?\s+(?P<list>{_LIST}){_TAIL}", re.IGNORECASE)
_LETTER = re.compile(rf"(?:the\s+)?letter\s+(?P<letter>[a-z]){_TAIL}", re.IGNORECASE)
_TIMES = re.compile(rf"{_FILLER}{MASK}\s+{AMOUNT}\s+times?", re.IGNORECASE)
_ONCE, _TWICE = re.compile(r"\bonce\b", re.IGNORECASE), re.compile(r"\btwice\b", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"\bor\b|\beither\b|\bany\b|\bat least one\b|\bone of\b", re.IGNORECASE)
_ACROSTIC = re.compile(
    rf"(?:the\s+)?first\s+letters?\s+of\s+(?:the|its|every|each|all)\s*(?:the\s+)?lines?(?:\s+of\s+the\s+response)?,?"
    rf"(?:\s+read\s+downwards,?)?\s+spells?\s+(?:out\s+)?(?:the\s+word\s+)?{MASK}",
    re.IGNORECASE,
)
_START = r"(?:starts?|begins?|opens?)(?:ning|ing)?\s+with"
_END = r"(?:ends?|clos(?:es?)|finish(?:es)?|concludes?)(?:ing)?\s+(?:with|in|on)"
_PIECE = (
    r"(?:(?:the|a)\s+)?(?:(?:exact|single)\s+)?(?:words?|phrase|sentence|letter|line|greeting|name|text|question)?\s*"
)
_STARTS = re.compile(rf"{_START}\s+(?P<noun>{_PIECE}){MASK}", re.IGNORECASE)
_ENDS = re.compile(rf"{_END}\s+{_PIECE}{MASK}", re.IGNORECASE)
_WORD_AT = re.compile(
    rf"(?:the\s+|its\s+)?(?P<which>first|last)\s+word(?:\s+of\s+(?:the|its)\s+\w+)?\s+(?:(?:is|must\s+be)\s+)?{MASK}",
    re.IGNORECASE,
)
_STARTS_LETTER = re.compile(rf"{_START}\s+(?:the\s+|a\s+)?(?:capital\s+)?letter\s+(?P<letter>[a-z])", re.IGNORECASE)
_END_SIGN = re.compile(
    rf"{_END}\s+(?:a|an)\s+(?P<sign>question(?:\s+mark)?|exclamation(?:\s+(?:mark|point))?|full\s+stop|period|ellipsis)",
    re.IGNORECASE,
)
_SIGNS = {"question": "?", "exclamation": "!", "full": ".", "period": ".", "ellipsis": "…"}


def mask_quotes(demand: str) -> tuple[str, list[str]]:
    """The demand with MASK for each quoted piece, and the pieces in order."""
    pieces = [next(piece for piece in match.groups() if piece) for match in _QUOTED.finditer(demand)]
    return _QUOTED.sub(MASK, demand), pieces


def read_contains(demand: str) -> Check | None:
    """ "the word "very"", ""Curie" or "Soddy"", "the letter "b"", "letter e"; None for another demand."""
    shape, pieces = mask_quotes(demand)
    if match := _LETTER.fullmatch(shape):
        return partial(_check_letter, match["letter"])
    if (match := _LETTERS.fullmatch(shape)) and all(len(piece) == 1 for piece in pieces):
        return _join(match["list"], [partial(_check_letter, piece) for piece in pieces])
    if pieces and _CONTAINS.fullmatch(shape):
        return _join(shape, [partial(_check_phrase, piece) for piece in pieces])
    return None


def _join(wording: str, checks: Sequence[Check]) -> Check:
    return any_of(checks) if _ALTERNATIVE.search(wording) else all_of(checks)


def read_occurrences(demand: str) -> Check | None:
    """ "the word "fish" exactly three times"; None for another demand."""
    shape, pieces = mask_quotes(demand)
    match = _TIMES.fullmatch(_TWICE.sub("two times", _ONCE.sub("one time", shape)))
    return partial(_check_occurrences, pieces[0], read_amount(match)) if match and len(pieces) == 1 else None


def read_acrostic(demand: str) -> Check | None:
    """ "the first letters of the lines spell "CAKE""; None for another demand."""
    shape, pieces = mask_quotes(demand)
    return partial(_check_acrostic, pieces[0]) if _ACROSTIC.fullmatch(shape) else None


def read_start_or_end(demand: str) -> Check | None:
    """ "starts with "Dear Gerald"", "ends with a question mark", "first word is "No""; None for another demand."""
    shape, pieces = mask_quotes(demand)
    if match := _END_SIGN.fullmatch(shape):
        return partial(_check_last_sign, _SIGNS[match["sign"].split()[0].lower()])
    if match := _STARTS_LETTER.fullmatch(shape):
        return partial(_check_start, match["letter"], False)
    if len(pieces) != 1:
        return None
    if match := _WORD_AT.fullmatch(shape):
        return partial(_check_word, match["which"].lower(), pieces[0])
    if match := _STARTS.fullmatch(shape):
        return partial(_check_start, pieces[0], "letter" not in match["noun"].lower())
    return partial(_check_end, pieces[0]) if _ENDS.fullmatch(shape) else None


def _pattern(piece: str) -> re.Pattern[str]:
    """The piece as whole words, in any case, whichever blanks and apostrophes it is written with."""
    inner = r"\s+".join(re.escape(word).replace("’", "'").replace("'", "['’]") for word in piece.split())
    before = r"(?<!\w)" if piece[:1].isalnum() else ""
    after = r"(?!\w)" if piece[-1:].isalnum() else ""
    return re.compile(before + inner + after, re.IGNORECASE)


def _check_phrase(piece: str, reply: str) -> Finding:
    if match := _pattern(piece).search(reply):
        return Finding(True, f"“{piece}” stands in the reply.", quote(reply, *match.span()))
    return Finding(False, f"“{piece}” stands nowhere in the reply.")


def _check_letter(letter: str, reply: str) -> Finding:
    count = reply.casefold().count(letter.casefold())
    found = re.search(re.escape(letter), reply, re.IGNORECASE)
    reason = f"The letter “{letter}” occurs {plural(count, 'time')} in the reply."
    return Finding(count > 0, reason, quote(reply, *found.span()) if found else "")


def _check_occurrences(piece: str, amount: Amount, reply: str) -> Finding:
    found = list(_pattern(piece).finditer(reply))
    evidence = quote(reply, *found[0].span()) if found else ""
    return Finding(len(found) in amount, f"“{piece}” occurs {plural(len(found), 'time')} in the reply.", evidence)


def _check_acrostic(word: str, reply: str) -> Finding:
    found = lines(reply)
    letters = "".join(strip_markup(line)[:1] for line in found)
    reason = f"The first letters of the lines spell “{letters[:40].upper()}”."
    return Finding(letters.casefold() == word.casefold(), reason, found[0] if found else "")


def _check_start(piece: str, whole_words: bool, reply: str) -> Finding:
    wanted, text = piece.casefold(), reply.strip()
    head = text if text.casefold().startswith(wanted) else strip_markup(reply)
    cut = whole_words and piece[-1:].isalnum() and head[len(piece) : len(piece) + 1].isalnum()
    shown = text[: max(60, len(piece))]
    return Finding(head.casefold().startswith(wanted) and not cut, f"The reply begins “{shown}”.", shown)


def _check_end(piece: str, reply: str) -> Finding:
    text, bare = reply.strip(), strip_markup(reply)
    shown = text[-max(60, len(piece)) :]
    passed = any(end.casefold().endswith(piece.casefold()) for end in (text, bare, bare.rstrip(".!?…")))
    return Finding(passed, f"The reply ends “{shown}”.", shown)


def _check_last_sign(sign: str, reply: str) -> Finding:
    tail = reply.strip().rstrip("*_`\"”’')]").rstrip()
    passed = tail.endswith(sign) or (sign == "…" and tail.endswith("..."))
    return Finding(passed, f"The last sign of the reply is “{tail[-1:]}”.", (sentences(reply) or [""])[-1][-200:])


def _check_word(which: str, piece: str, reply: str) -> Finding:
    found = words(reply) or [""]
    word = found[0 if which == "first" else -1]
    return Finding(word.casefold() == piece.casefold(), f"The {which} word of the reply is “{word}”.", word)
