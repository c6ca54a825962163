"""Amounts as criteria word them: "at most 120", "between 50 and 60", "exactly three", "no fewer than two"."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NAMES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_VALUES = {name: value for value, name in enumerate(_NAMES)} | {"a single": 1}
NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+|a single|" + "|".join(sorted(_NAMES, key=len, reverse=True)) + ")"

_MOST = "at most|no more than|not more than|no longer than|not longer than|up to|within|a maximum of|maximum"
_FEWER = "fewer than|less than|under|below|shorter than"
_LEAST = "at least|no fewer than|no less than|not less than|not fewer than|a minimum of|minimum"
_MORE = "more than|over|above|longer than"
AMOUNT = (
    rf"(?:(?:between|from)\s+(?P<low>{NUMBER})\s+(?:and|to)\s+(?P<high>{NUMBER})"
    rf"|(?P<low2>{NUMBER})\s*(?:to|–|-)\s*(?P<high2>{NUMBER})"
    rf"|(?:(?P<most>{_MOST})|(?P<fewer>{_FEWER})|(?P<least>{_LEAST})|(?P<more>{_MORE})"
    rf"|(?:exactly|precisely|only|just)(?:\s+the)?)?\s*\b(?P<number>{NUMBER})"
    rf"(?:\s+(?:or\s+(?:(?P<or_less>fewer|less)|(?P<or_more>more))))?)"
)
"""The pattern of an amount, to be put before that of a unit; `read_amount` reads what it matched."""


@dataclass(frozen=True, slots=True)
class Amount:
    low: float
    high: float

    def holds(self, count: int) -> bool:
        return self.low <= count <= self.high

    @property
    def words(self) -> str:
        """As in "asked for: at most 120"."""
        if self.low == self.high:
            return f"exactly {self.low:g}"
        if self.high == math.inf:
            return f"at least {self.low:g}"
        return f"at most {self.high:g}" if self.low == 0 else f"{self.low:g} to {self.high:g}"


def number_of(text: str) -> int:
    """ "1,665", "twelve", "a single" as a number. The text must be what NUMBER matches."""
    folded = " ".join(text.casefold().split())
    return _VALUES[folded] if folded in _VALUES else int(folded.replace(",", ""))


def read_amount(match: re.Match[str], trailing: str = "") -> Amount:
    """The amount that AMOUNT matched; `trailing` is "less" or "more" where it stood behind the unit."""
    group = match.groupdict()
    if low := group["low"] or group["low2"]:
        return Amount(number_of(low), number_of(group["high"] or group["high2"]))
    number = number_of(group["number"])
    if group["most"] or group["or_less"] or trailing in {"less", "fewer", "at most"}:
        return Amount(0, number)
    if group["least"] or group["or_more"] or trailing == "more":
        return Amount(number, math.inf)
    if group["fewer"]:
        return Amount(0, number - 1)
    if group["more"]:
        return Amount(number + 1, math.inf)
    return Amount(number, number)


def plural(count: int, singular: str, plural_form: str = "") -> str:
    return f"{count:,} {singular if count == 1 else plural_form or singular + 's'}"
