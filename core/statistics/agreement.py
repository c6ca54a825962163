"""How far two graders agree: a judge and people, a judge now and before, two judges, two people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, sqrt

from core.statistics.intervals import Z_95, Interval, wilson


@dataclass(frozen=True)
class Confusion:
    """Verdicts (or outcomes) of a judge against those of people. Positive is what is hunted: FAIL, or `broke`."""

    true_positive: int = 0
    false_negative: int = 0
    """People say FAIL, the judge PASS."""
    false_positive: int = 0
    true_negative: int = 0

    @classmethod
    def of(cls, pairs: Iterable[tuple[bool, bool]]) -> Confusion:
        """Count pairs (people: positive, judge: positive)."""
        n = Counter(pairs)
        return cls(n[True, True], n[True, False], n[False, True], n[False, False])

    @property
    def total(self) -> int:
        return self.true_positive + self.false_negative + self.false_positive + self.true_negative

    @property
    def agreed(self) -> int:
        return self.true_positive + self.true_negative

    def agreement(self) -> Interval | None:
        return wilson(self.agreed, self.total)

    def sensitivity(self) -> Interval | None:
        """Of what people call positive, the share that the judge does, too."""
        return wilson(self.true_positive, self.true_positive + self.false_negative)

    def specificity(self) -> Interval | None:
        """Of what people call negative, the share that the judge does, too."""
        return wilson(self.true_negative, self.true_negative + self.false_positive)

    def kappa(self) -> Kappa | None:
        """Return Cohen's kappa with its 95 % interval (Fleiss, Cohen and Everitt 1969); None if it is undefined: no
        pair, or both graders always say the same word."""
        n = self.total
        if not n:
            return None
        rows = (self.true_positive + self.false_negative) / n, (self.false_positive + self.true_negative) / n
        columns = (self.true_positive + self.false_positive) / n, (self.false_negative + self.true_negative) / n
        by_chance = rows[0] * columns[0] + rows[1] * columns[1]
        if by_chance == 1:
            return None
        value = (self.agreed / n - by_chance) / (1 - by_chance)
        reach = Z_95 * sqrt(self._kappa_variance(rows, columns, by_chance, value))
        return Kappa(value, max(-1.0, value - reach), min(1.0, value + reach))

    def _kappa_variance(
        self, rows: tuple[float, float], columns: tuple[float, float], by_chance: float, kappa: float
    ) -> float:
        n, rest = self.total, 1 - kappa
        table = [[self.true_positive / n, self.false_negative / n], [self.false_positive / n, self.true_negative / n]]
        diagonal = sum(table[i][i] * (1 - (rows[i] + columns[i]) * rest) ** 2 for i in (0, 1))
        beside = rest**2 * sum(table[i][1 - i] * (columns[i] + rows[1 - i]) ** 2 for i in (0, 1))
        return max(0.0, diagonal + beside - (kappa - by_chance * rest) ** 2) / ((1 - by_chance) ** 2 * n)


@dataclass(frozen=True)
class Kappa:
    """Agreement beyond chance: 1 is perfect, 0 is what chance gives."""

    value: float
    low: float
    high: float


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p-value that two gradings of the same items are wrong equally often; the arguments are
    the items that only one of them got right (McNemar 1947)."""
    n = only_first + only_second
    tail = sum(comb(n, i) for i in range(min(only_first, only_second) + 1))
    return min(1.0, tail / (1 << n) * 2)


def error_correlation(first: Sequence[bool], second: Sequence[bool]) -> float | None:
    """Return the correlation (phi) of two judges' errors on the same items; None if one of them is always or never
    wrong."""
    n = len(first)
    if n != len(second):
        raise ValueError("two judges need the same items")
    one, other = sum(first), sum(second)
    both = sum(a and b for a, b in zip(first, second, strict=True))
    spread = one * (n - one) * other * (n - other)
    return (n * both - one * other) / sqrt(spread) if spread else None


def effective_votes(errors: Sequence[Sequence[bool]]) -> float | None:
    """Return how many independent votes these judges are worth: k / (1 + (k−1)·ρ), from 1 to k, where ρ is the mean
    correlation of their errors. `errors[j][i]`: whether judge j is wrong on item i. None if no pair's is known."""
    known = [c for a, b in combinations(errors, 2) if (c := error_correlation(a, b)) is not None]
    if not known:
        return None
    correlation = max(0.0, sum(known) / len(known))
    return len(errors) / (1 + (len(errors) - 1) * correlation)


def krippendorff_alpha(units: Iterable[Sequence[Hashable]]) -> float | None:
    """Return Krippendorff's alpha for words without order (nominal). Each unit has the words of those who graded it;
    units with a single one do not count. None without two words (Krippendorff 2011)."""
    total: Counter[Hashable] = Counter()
    agreeing = 0.0
    for words in units:
        if len(words) < 2:
            continue
        counts = Counter(words)
        total.update(counts)
        agreeing += sum(c * (c - 1) for c in counts.values()) / (len(words) - 1)
    n = total.total()
    expected = n * n - sum(c * c for c in total.values())
    return 1 - (n - 1) * (n - agreeing) / expected if expected else None
