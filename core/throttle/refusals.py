"""Whether refused calls depend on the load: a comparison of the calls before and after a cut of the limit.

A provider whose limit we exceed refuses at most half the share of calls after a cut by a fifth, if it refused
at most a third before: with n slots and room for c, it refuses 1 − c/n of them, or less after the cut where
refusals are faster than replies. A provider that refuses at random refuses the same share as before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

MIN_ROWS = 20
"""Rows of refusals that cut the limit: fewer could not be compared with those after the cut."""
MIN_ROW = 10
"""Refusals in a row that cut the limit at once, if they are at least as many as the calls in flight."""
MAX_REPLIES = 250
"""A sample is recent: it begins again after this many replies. Refusals rarer than MIN_ROWS in these do not cut."""
MIN_REPLIES = 25
"""Replies after a cut before it can be taken back: so many calls in flight from before it matter little."""
MAX_SHARE = 1 / 3
"""Of refused calls: above, a cut by a fifth lowers the share too little to notice."""
LOAD_FELL_TO = 0.85
"""Of the calls in flight before the cut. If they did not fall, the limit was not what limited them."""
MIN_EVIDENCE = 1.5
"""Natural logarithm of the likelihood ratio, 4.5 to 1. A mistake is corrected in INDEPENDENT_S."""
LOAD_EVIDENCE = 2.0
"""The same, 7 to 1 for half the share: right after a cut no calls start, so none are refused."""
CLEARLY_ABOVE = 0.2
"""Share of refused calls above the known one that cuts the limit; twice the known one if that is more."""
MAX_TOLERATED = 0.45
"""Share of refused calls that always cuts the limit."""
MIN_CALLS = 100
"""Calls of which such a share is taken."""


class CutEffect(Enum):
    UNKNOWN = "unknown"
    LOAD = "load"
    """The cut made refusals rarer."""
    INDEPENDENT = "independent"
    """It did not, although fewer calls were in flight."""


@dataclass
class RefusalSample:
    """Calls of this process that ended at one version of the limit, from the first refusal on."""

    replies: int = 0
    refused: int = 0
    rows: int = 0
    """Replies that a refusal followed. For random refusals, rows / replies is their share; a burst counts once."""
    row: int = 0
    """Refusals since the last reply."""
    in_flight: int = 0
    """Sum over the calls."""

    def add(self, refused: bool, in_flight: int) -> None:
        self.in_flight += in_flight
        if refused:
            self.rows += self.row == 0 and self.replies > 0
            self.refused += 1
            self.row += 1
        else:
            self.replies += 1
            self.row = 0

    @property
    def is_full(self) -> bool:
        return self.replies >= MAX_REPLIES

    @property
    def is_low(self) -> bool:
        return self.refused <= MAX_SHARE * self.calls

    @property
    def calls(self) -> int:
        return self.replies + self.refused

    @property
    def mean_in_flight(self) -> float:
        return self.in_flight / self.calls

    def share_with(self, other: RefusalSample) -> float:
        """Share of refused calls in both."""
        return (self.rows + other.rows) / (self.replies + other.replies)

    def shows_overload(self, in_flight: int, known_share: float) -> bool:
        """Whether the limit is cut. `known_share`: of calls refused at any load; 0: unknown."""
        if self.row >= max(MIN_ROW, in_flight):
            return True
        if not known_share:
            return self.rows >= MIN_ROWS
        share = min(MAX_TOLERATED, known_share + max(known_share, CLEARLY_ABOVE))
        return self.refused >= share * max(MIN_CALLS, self.calls + in_flight)


def compare(before: RefusalSample | None, after: RefusalSample) -> CutEffect:
    """Judge a cut by the calls before and after it."""
    if before is None or not before.refused or not after.replies:
        return CutEffect.UNKNOWN
    evidence = _evidence(before, after)
    if evidence <= -LOAD_EVIDENCE:
        return CutEffect.LOAD
    load_fell = after.mean_in_flight <= LOAD_FELL_TO * before.mean_in_flight
    comparable = before.is_low and after.is_low and after.replies >= MIN_REPLIES and load_fell
    return CutEffect.INDEPENDENT if evidence >= MIN_EVIDENCE and comparable else CutEffect.UNKNOWN


def _evidence(before: RefusalSample, after: RefusalSample) -> float:
    """Log-likelihood ratio of the same share to half of it, for the rows after the cut given all rows (Poisson)."""
    rows, replies = (before.rows, before.replies) if before.is_low else (before.refused, before.calls)
    same = after.replies / (after.replies + replies)
    halved = after.replies / (after.replies + 2 * replies)
    return after.rows * math.log(same / halved) + rows * math.log((1 - same) / (1 - halved))
