"""The range in which a run's cost lies: from this task's hunts so far, else between the prompt alone and the output
limit. Pure.

Observed costs include reasoning and cached input, because the provider billed them. Their outer quantiles are widened,
most where there are few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

MTOK = 1_000_000
LOW_QUANTILE, HIGH_QUANTILE = 0.05, 0.95
LOW_CHARS_PER_TOKEN, HIGH_BYTES_PER_TOKEN = 6.0, 2.0
"""Bounds of what tokenizers do with a text: few tokens for English, many for other scripts, in UTF-8."""
CACHE_MIN_TOKENS = 1_024
"""Providers cache no shorter prompt."""
CACHED_SHARE = 0.1
"""Lowest price of cached input relative to fresh input, where the list does not say it."""
UNKNOWN_OUTPUT_LIMIT = 32_768
"""Assumed where neither the parameters nor the provider's list name an output limit."""
MIN_OUTPUT_TOKENS = 1
Basis = Literal["hunts", "limits", "free", "unknown"]


class Prices(NamedTuple):
    """US dollars per million tokens; None if unknown."""

    input: float | None
    output: float | None
    cached_input: float | None = None
    margin: float = 1.0
    """How many times these prices a call may cost: a gateway may ignore a cheaper service tier."""


@dataclass(frozen=True)
class CostRange:
    """US dollars: at least, expected, at most."""

    low: float
    expected: float
    high: float
    basis: Basis
    observations: int = 0
    """Hunts, or reference checks, that it is based on."""

    def times(self, count: int) -> CostRange:
        return CostRange(count * self.low, count * self.expected, count * self.high, self.basis, self.observations)


FREE = CostRange(0.0, 0.0, 0.0, "free")


@dataclass(frozen=True)
class TokenRange:
    """At least, expected, at most."""

    low: float
    expected: float
    high: float

    def __add__(self, other: TokenRange) -> TokenRange:
        return TokenRange(self.low + other.low, self.expected + other.expected, self.high + other.high)

    def times(self, count: int) -> TokenRange:
        return TokenRange(count * self.low, count * self.expected, count * self.high)


def tokens_of(*texts: str, chars_per_token: float) -> TokenRange:
    """The tokens of texts, whatever the tokenizer."""
    chars = sum(map(len, texts))
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    return TokenRange(
        chars / LOW_CHARS_PER_TOKEN, max(1.0, chars / chars_per_token), max(1.0, size / HIGH_BYTES_PER_TOKEN)
    )


def observed(costs: Sequence[float], share_paid: float = 1.0) -> CostRange:
    """The cost of one more hunt like those that cost this. `share_paid`: of the hunts, those that cost anything."""
    ordered, wider = sorted(costs), 1 + 1 / math.sqrt(len(costs))
    low = _quantile(ordered, LOW_QUANTILE) / wider * share_paid
    high = _quantile(ordered, HIGH_QUANTILE) * wider
    return CostRange(low, sum(ordered) / len(ordered), high, "hunts", len(ordered))


def from_tokens(received: TokenRange, sent: TokenRange, prices: Prices, *, calls: int = 1) -> CostRange | None:
    """The cost by prices; None if one is unknown. `calls`: the calls that the input tokens are spread over."""
    if prices.input is None or prices.output is None:
        return None
    cached = prices.cached_input if prices.cached_input is not None else prices.input * CACHED_SHARE
    lowest = min(cached, prices.input) if received.high >= CACHE_MIN_TOKENS * calls else prices.input
    return CostRange(
        (received.low * lowest + sent.low * prices.output) / MTOK,
        (received.expected * prices.input + sent.expected * prices.output) / MTOK,
        (received.high * prices.input + sent.high * prices.output) * prices.margin / MTOK,
        "limits",
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Linear between the two nearest values."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
