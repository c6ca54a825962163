"""Checks of plain claims: that no option is right, that the answer is a number, that a number is mentioned."""

from __future__ import annotations

import re

from core.simulator.checks.finding import Check, Finding, quote

_NONE_OF = re.compile(
    r"(?:that\s+)?(?:none\s+of\s+(?:the\s+|these\s+)?(?:\w+\s+){0,3}?(?:options|answers|choices|alternatives)"
    r"|no\s+(?:option|answer|choice))(?:\s*\([^)]*\))?"
    r"\s*(?:is|are|can\s+be)\s+(?:correct|right|true|valid)",
    re.IGNORECASE,
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
_FIGURE = r"[-−]?[$€£]?\d+(?:,\d{3})*(?:\.\d+)?\s?%?"
_ANSWER = re.compile(
    rf"(?:that\s+)?(?:the\s+)?{_ANSWER_NOUN}\s+(?:is|as|of|to\s+be|equals)\s+(?P<value>{_FIGURE})"
    rf"|(?P<value2>{_FIGURE})\s+as\s+(?:the\s+|its\s+)?{_ANSWER_NOUN}",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    rf"(?:(?:the\s+)?(?:exact\s+)?(?:number|figure|value|year)\s+)?(?P<value>{_FIGURE})(?:\s+anywhere)?", re.IGNORECASE
)
_STATED = re.compile(
    r"\b(?:answer|result|total|sum|solution)\b(?:\s+\w+){0,3}?\s*(?:is|=|:|equals)\s*\**\s*(?P<not>not\s+)?"
    r"(?P<stated>[-−]?[$€£]?\d+(?:,\d{3})*(?:\.\d+)?)",
    re.IGNORECASE,
)


def claims(demand: str) -> Check | None:
    """ "that none of the options is correct", "that the answer is 42", "the number 42"; None for anything else."""
    if _NONE_OF.fullmatch(demand):
        return _rejects_options
    if match := _ANSWER.fullmatch(demand):
        return _answers(match["value"] or match["value2"])
    if match := _NUMBER.fullmatch(demand):
        return _mentions(match["value"])
    return None


def _rejects_options(reply: str) -> Finding:
    says, picks = _SAYS_NONE.search(reply), _PICKS.search(reply)
    if picks and not _SAYS_NONE.search(picks.group()):
        return Finding(False, "The reply settles on one of the options.", quote(reply, *picks.span()))
    if says:
        return Finding(True, "The reply rejects every option.", quote(reply, *says.span()))
    return Finding(False, "The reply nowhere says that no option is right.")


def _plain(number: str) -> str:
    bare = re.sub(r"[\s,$€£%]", "", number).replace("−", "-")
    return bare.rstrip("0").rstrip(".") if "." in bare else bare


def _answers(value: str) -> Check:
    wanted = _plain(value)

    def check(reply: str) -> Finding:
        stated = [match for match in _STATED.finditer(reply) if not match["not"]]
        if not stated:
            return _mentions(value)(reply)
        last = stated[-1]
        reason = f"The reply gives {last['stated']} as its answer; {value} is wanted."
        return Finding(_plain(last["stated"]) == wanted, reason, quote(reply, *last.span()))

    return check


def _mentions(value: str) -> Check:
    wanted = _plain(value)

    def check(reply: str) -> Finding:
        for match in re.finditer(r"(?<![\w.])[-−]?[$€£]?\d+(?:,\d{3})*(?:\.\d+)?(?!\w)", reply):
            if _plain(match.group()) in {wanted, wanted.lstrip("-") if not value.startswith(("-", "−")) else wanted}:
                return Finding(True, f"The number {value} stands in the reply.", quote(reply, *match.span()))
        return Finding(False, f"The number {value} stands nowhere in the reply.")

    return check
