"""Checks of how a reply begins and ends."""

from __future__ import annotations

import re

from core.simulator.checks.finding import Check, Finding
from core.simulator.checks.text import bare, sentences, words
from core.simulator.checks.wording import masked

_START = r"(?:starts?|begins?|opens?)(?:ning|ing)?\s+with"
_END = r"(?:ends?|clos(?:es?)|finish(?:es)?|concludes?)(?:ing)?\s+(?:with|in|on)"
_MARK = "\ue000"
_NOUN = (
    r"(?:(?:the|a)\s+)?(?:(?:exact|single)\s+)?(?:words?|phrase|sentence|letter|line|greeting|name|text|question)?\s*"
)
_STARTS = re.compile(rf"{_START}\s+(?P<noun>{_NOUN}){_MARK}", re.IGNORECASE)
_ENDS = re.compile(rf"{_END}\s+(?P<noun>{_NOUN}){_MARK}", re.IGNORECASE)
_FIRST_WORD = re.compile(
    rf"(?:the\s+|its\s+)?(?P<which>first|last)\s+word(?:\s+of\s+(?:the|its)\s+\w+)?\s+(?:(?:is|must\s+be)\s+)?{_MARK}",
    re.IGNORECASE,
)
_STARTS_LETTER = re.compile(rf"{_START}\s+(?:the\s+|a\s+)?(?:capital\s+)?letter\s+(?P<letter>[a-z])", re.IGNORECASE)
_END_SIGN = re.compile(
    rf"{_END}\s+(?:a|an)\s+(?P<sign>question(?:\s+mark)?|exclamation(?:\s+(?:mark|point))?|full\s+stop|period|ellipsis)",
    re.IGNORECASE,
)
_SIGNS = {"question": "?", "exclamation": "!", "full": ".", "period": ".", "ellipsis": "…"}


def beginning_or_ending(demand: str) -> Check | None:
    """ "starts with "Dear Gerald"", "ends with a question mark", "first word is "No""; None for anything else."""
    shape, pieces = masked(demand)
    if match := _END_SIGN.fullmatch(shape):
        return _ends_with_sign(_SIGNS[match["sign"].split()[0].lower()])
    if match := _STARTS_LETTER.fullmatch(shape):
        return _starts(match["letter"], whole=False)
    if len(pieces) != 1:
        return None
    if match := _FIRST_WORD.fullmatch(shape):
        return _word_at(0 if match["which"].lower() == "first" else -1, pieces[0])
    if match := _STARTS.fullmatch(shape):
        return _starts(pieces[0], whole="letter" not in match["noun"].lower())
    if match := _ENDS.fullmatch(shape):
        return _ends(pieces[0])
    return None


def _starts(piece: str, *, whole: bool) -> Check:
    wanted = piece.casefold()

    def check(reply: str) -> Finding:
        shown = reply.strip()[: max(60, len(piece))]
        head = reply.strip() if reply.strip().casefold().startswith(wanted) else bare(reply)
        cut = whole and piece[-1:].isalnum() and head[len(piece) : len(piece) + 1].isalnum()
        return Finding(head.casefold().startswith(wanted) and not cut, f"The reply begins “{shown}”.", shown)

    return check


def _ends(piece: str) -> Check:
    wanted = piece.casefold()

    def check(reply: str) -> Finding:
        text = reply.strip()
        shown = text[-max(60, len(piece)) :]
        tails = (text.casefold(), bare(text).casefold(), bare(text).rstrip(".!?…").casefold())
        return Finding(any(tail.endswith(wanted) for tail in tails), f"The reply ends “{shown}”.", shown)

    return check


def _ends_with_sign(sign: str) -> Check:
    def check(reply: str) -> Finding:
        last = (sentences(reply) or [""])[-1][-200:]
        tail = reply.strip().rstrip("*_`\"”’')]").rstrip()
        ends = tail.endswith(sign) or (sign == "…" and tail.endswith("..."))
        return Finding(ends, f"The last sign of the reply is “{tail[-1:]}”.", last)

    return check


def _word_at(place: int, piece: str) -> Check:
    def check(reply: str) -> Finding:
        found = words(reply)
        word = found[place] if found else ""
        name = "first" if place == 0 else "last"
        return Finding(word.casefold() == piece.casefold(), f"The {name} word of the reply is “{word}”.", word)

    return check
