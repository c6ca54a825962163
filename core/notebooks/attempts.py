"""The body of `number_of_attempts_made`: a number, or numbers by model. Other text is not changed."""

from __future__ import annotations

import re

_SEPARATED = r"[0-9]{1,3}(?P<separator>[,.' \u2019\u00a0\u202f_])[0-9]{3}(?:(?P=separator)[0-9]{3})?"
_NUMBER = rf"(?<!-)(?P<number>{_SEPARATED}|[0-9]{{1,9}})(?![^\W\d_])"
"""Not followed by a letter: `10k` and `3x` are not numbers."""
_SIGNS = r"[\s*_`:：;.!()\[\]–—-]"
_AFTER = rf"(?:{_SIGNS}|[^\W\d_]){{0,200}}"
_ALONE = re.compile(rf"{_SIGNS}{{0,20}}{_NUMBER}{_AFTER}")
_BY_MODEL = re.compile(rf"(?:[-*•]\s)?(?P<name>[^:：=|]{{1,120}})[:：=]\s{{0,20}}\**\s{{0,5}}{_NUMBER}{_AFTER}")
_TOTAL = re.compile(r"(?:total|sum|all|overall|altogether)\b", re.IGNORECASE)
MAX_LINES = 200
BEFORE = "Before: "
"""Prefix that an export writes before numbers by model, below the new total."""


def read_attempts(body: str) -> int | None:
    """The attempts that the cell states: its first line if that is one number (`1,234`, `16 attempts`), else the total
    or the sum of its lines if each states one by name (`GPT-5.2: 12`); None when it is anything else.
    """
    lines = [line.strip() for line in body.splitlines() if line.strip()][: MAX_LINES + 1]
    if not lines or len(lines) > MAX_LINES:
        return None
    alone = _ALONE.fullmatch(lines[0])
    if alone:
        return _value(alone)
    found = [_BY_MODEL.fullmatch(line) for line in lines]
    if not all(found):
        return None
    numbers = [(match["name"].strip(" *_-"), _value(match)) for match in found if match]
    totals = [number for name, number in numbers if _TOTAL.match(name)]
    return totals[0] if totals else sum(number for _, number in numbers)


def with_attempts(body: str, attempts: int) -> str:
    """`body` with the new number. Numbers by model are kept below it; a body that is not understood is not changed."""
    if not body.strip():
        return str(attempts)
    stated = read_attempts(body)
    if stated is None or stated == attempts:
        return body
    first, newline, rest = body.strip().partition("\n")
    if _ALONE.fullmatch(first.strip()):
        return str(attempts) + (newline + rest if rest.strip() else "")
    return f"{attempts}\n\n{BEFORE}{'; '.join(line.strip() for line in body.splitlines() if line.strip())}"


def _value(match: re.Match[str]) -> int:
    return int("".join(sign for sign in match["number"] if sign.isdigit()))
