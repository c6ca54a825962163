"""Checks of what a reply says: words in quotation marks, its beginning and end, its answer, valid JSON, lower case."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from core.simulator.checks.counting import AMOUNT, plural, read_amount
from core.simulator.checks.text import CheckMatch, Finding, Rule, combine, lines, quote, sentences, strip_markup, words

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
    r"(?:\s+(?:anywhere|at\s+all|altogether|somewhere|by\s+name|verbatim|literally|even\s+one\s+time|in\s+it"
    r"|in\s+(?:the|its)\s+(?:text|response|reply)))?"
)
_LIST = rf"{MASK}(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+){_FILLER}{MASK})*"
_NAMING = rf"(?:(?:calls?|describes?)\s+[^{MASK}:]{{1,80}}?\s+(?:as\s+)?|[^{MASK}:]{{1,80}}:\s*)?"
_ONCE, _TWICE = re.compile(r"\bonce\b", re.IGNORECASE), re.compile(r"\btwice\b", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"\bor\b|\beither\b|\bany\b|\bat least one\b|\bone of\b", re.IGNORECASE)
_START = r"(?:starts?|begins?|opens?)(?:ning|ing)?\s+with"
_END = r"(?:ends?|clos(?:es?)|finish(?:es)?|concludes?)(?:ing)?\s+(?:with|in|on)"
_PIECE = (
    r"(?:(?:the|a)\s+)?(?:(?:exact|single)\s+)?(?:words?|phrase|sentence|letter|line|greeting|name|text|question)?\s*"
)
_SIGNS = {"question": "?", "exclamation": "!", "full": ".", "period": ".", "ellipsis": "…"}
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
_NUMERAL = r"[-−]?[$€£]?\d+(?:,\d{3})*(?:\.\d+)?"
_FIGURE = rf"{_NUMERAL}\s?%?"
_ANSWER = (
    rf"(?:that\s+)?(?:the\s+)?{_ANSWER_NOUN}\s+(?:is|as|of|to\s+be|equals)\s+(?P<value>{_FIGURE})"
    rf"|(?P<value2>{_FIGURE})\s+as\s+(?:the\s+|its\s+)?{_ANSWER_NOUN}"
)
_NUMBER = rf"(?:(?:the\s+)?(?:exact\s+)?(?:number|figure|value|year)\s+)?(?P<value>{_FIGURE})(?:\s+anywhere)?"
_STATED = re.compile(
    r"\b(?:answer|result|total|sum|solution)\b(?:\s+\w+){0,3}?\s*(?:is|=|:|equals)\s*\**\s*(?P<not>not\s+)?"
    rf"(?P<stated>{_NUMERAL})",
    re.IGNORECASE,
)
_MENTIONED = re.compile(rf"(?<![\w.]){_NUMERAL}(?!\w)")
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


def mask_quotes(demand: str) -> tuple[str, Sequence[str]]:
    """The demand with MASK for each quoted piece and numbers for "once" and "twice"; and the pieces in order."""
    pieces = [next(piece for piece in match.groups() if piece) for match in _QUOTED.finditer(demand)]
    return _TWICE.sub("two times", _ONCE.sub("one time", _QUOTED.sub(MASK, demand))), pieces


def _pattern(piece: str) -> re.Pattern[str]:
    """The piece as whole words, in any case, whichever blanks and apostrophes it is written with."""
    inner = r"\s+".join(re.escape(word).replace("’", "'").replace("'", "['’]") for word in piece.split())
    before = r"(?<!\w)" if piece[:1].isalnum() else ""
    after = r"(?!\w)" if piece[-1:].isalnum() else ""
    return re.compile(before + inner + after, re.IGNORECASE)


def _for_each(find: Callable[[str, str], Finding]) -> CheckMatch:
    """All pieces have to pass; one, if the criterion names alternatives."""

    def check(match: re.Match[str], pieces: Sequence[str], reply: str) -> Finding:
        decisive = bool(_ALTERNATIVE.search(match.group()))
        return combine([find(piece, reply) for piece in pieces], decisive=decisive)

    return check


def _find_phrase(piece: str, reply: str) -> Finding:
    if match := _pattern(piece).search(reply):
        return Finding(True, f"“{piece}” occurs in the reply.", quote(reply, *match.span()))
    return Finding(False, f"“{piece}” does not occur in the reply.")


def _count_letter(letter: str, reply: str) -> Finding:
    count = reply.casefold().count(letter.casefold())
    found = re.search(re.escape(letter), reply, re.IGNORECASE)
    reason = f"The letter “{letter}” occurs {plural(count, 'time')} in the reply."
    return Finding(count > 0, reason, quote(reply, *found.span()) if found else "")


def _check_occurrences(match: re.Match[str], pieces: Sequence[str], reply: str) -> Finding:
    found = list(_pattern(pieces[0]).finditer(reply))
    evidence = quote(reply, *found[0].span()) if found else ""
    reason = f"“{pieces[0]}” occurs {plural(len(found), 'time')} in the reply."
    return Finding(len(found) in read_amount(match), reason, evidence)


def _check_acrostic(_match: re.Match[str], pieces: Sequence[str], reply: str) -> Finding:
    found = lines(reply)
    letters = "".join(strip_markup(line)[:1] for line in found)
    reason = f"The first letters of the lines spell “{letters[:40].upper()}”."
    return Finding(letters.casefold() == pieces[0].casefold(), reason, found[0] if found else "")


def _check_start(match: re.Match[str], pieces: Sequence[str], reply: str) -> Finding:
    letter = match.groupdict().get("letter")
    piece, text = letter or pieces[0], reply.strip()
    head = text if text.casefold().startswith(piece.casefold()) else strip_markup(reply)
    whole_words = not letter and "letter" not in match["noun"].lower()
    cut = whole_words and piece[-1:].isalnum() and head[len(piece) : len(piece) + 1].isalnum()
    shown = text[: max(60, len(piece))]
    return Finding(head.casefold().startswith(piece.casefold()) and not cut, f"The reply begins “{shown}”.", shown)


def _check_end(_match: re.Match[str], pieces: Sequence[str], reply: str) -> Finding:
    piece, text, bare = pieces[0].casefold(), reply.strip(), strip_markup(reply)
    shown = text[-max(60, len(pieces[0])) :]
    passed = any(end.casefold().endswith(piece) for end in (text, bare, bare.rstrip(".!?…")))
    return Finding(passed, f"The reply ends “{shown}”.", shown)


def _check_last_sign(match: re.Match[str], _pieces: Sequence[str], reply: str) -> Finding:
    sign, tail = _SIGNS[match["sign"].split()[0].lower()], reply.strip().rstrip("*_`\"”’')]").rstrip()
    passed = tail.endswith(sign) or (sign == "…" and tail.endswith("..."))
    return Finding(passed, f"The last character of the reply is “{tail[-1:]}”.", (sentences(reply) or [""])[-1][-200:])


def _check_word(match: re.Match[str], pieces: Sequence[str], reply: str) -> Finding:
    which, found = match["which"].lower(), words(reply) or [""]
    word = found[0 if which == "first" else -1]
    return Finding(word.casefold() == pieces[0].casefold(), f"The {which} word of the reply is “{word}”.", word)


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
    Rule(rf"{_FILLER}{MASK}\s+{AMOUNT}\s+times?", _check_occurrences),
    Rule(
        rf"(?:the\s+)?first\s+letters?\s+of\s+(?:the|its|every|each|all)\s*(?:the\s+)?lines?(?:\s+of\s+the\s+response)?,?"
        rf"(?:\s+read\s+downwards,?)?\s+spells?\s+(?:out\s+)?(?:the\s+word\s+)?{MASK}",
        _check_acrostic,
    ),
    Rule(
        rf"{_END}\s+(?:a|an)\s+"
        r"(?P<sign>question(?:\s+mark)?|exclamation(?:\s+(?:mark|point))?|full\s+stop|period|ellipsis)",
        _check_last_sign,
    ),
    Rule(rf"{_START}\s+(?:the\s+|a\s+)?(?:capital\s+)?letter\s+(?P<letter>[a-z])", _check_start),
    Rule(
        rf"(?:the\s+|its\s+)?(?P<which>first|last)\s+word(?:\s+of\s+(?:the|its)\s+\w+)?\s+(?:(?:is|must\s+be)\s+)?{MASK}",
        _check_word,
    ),
    Rule(rf"{_START}\s+(?P<noun>{_PIECE}){MASK}", _check_start),
    Rule(rf"{_END}\s+{_PIECE}{MASK}", _check_end),
    Rule(
        rf"(?:the\s+)?letter\s+(?P<letter>[a-z]){_TAIL}", lambda match, _, reply: _count_letter(match["letter"], reply)
    ),
    Rule(rf"(?:(?:the|any)\s+)?letters?\s+{_LIST}{_TAIL}", _for_each(_count_letter), max_piece_chars=1),
    Rule(rf"{_NAMING}{_FILLER}{_LIST}{_TAIL}", _for_each(_find_phrase)),
)
