"""The break rate corrected for what the judge gets wrong, from reviews of breaks and an audit of held hunts.

Reviewed hunts are chosen by the judge's outcome, so the rate is stratified by it (Begg and Greenes 1983):
θ = P(judge: broke) · PPV + P(judge: held) · (1 − NPV). The interval is that of θ under independent Jeffreys posteriors
of the three proportions, by fixed quadrature. Imports scipy: call it in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from core.statistics.intervals import ALPHA, Interval, Method, jeffreys

NODES = 32
"""Gauss–Legendre nodes per proportion; three times as many move a quantile by less than 0.001 if a break was
reviewed."""
BISECTIONS = 24
"""Precision 6e-8."""


@dataclass(frozen=True)
class Evidence:
    """Counts of one judge's decided hunts and of their reviews. Pool them over tasks only for one judge model, prompt
    hash and pass rule."""

    broke: int
    held: int
    reviewed_breaks: int
    """Hunts that the judge called a break and a person reviewed."""
    true_breaks: int
    """Those of them that the person called a break, too."""
    audited_held: int
    """Hunts that the judge called held, drawn at random, and a person reviewed."""
    true_held: int
    """Those of them that the person called held, too."""

    def __post_init__(self) -> None:
        if not (0 <= self.true_breaks <= self.reviewed_breaks and 0 <= self.true_held <= self.audited_held):
            raise ValueError(f"impossible counts: {self}")


@dataclass(frozen=True)
class CorrectedRate:
    """`rate` and `interval` are None if something is missing; PPV and NPV are None without reviews of their kind."""

    rate: float | None
    """Median of θ."""
    interval: Interval | None
    ppv: Interval | None
    """Share of the judge's breaks that people confirm."""
    npv: Interval | None
    """Share of the judge's held hunts that people confirm."""
    missing: tuple[str, ...]
    """What is needed for a rate: `decided_hunts`, `reviewed_breaks`, `audited_held`."""


@lru_cache(maxsize=1024)
def corrected_rate(evidence: Evidence) -> CorrectedRate:
    """Return the corrected rate, or what is missing for it. Without breaks no review of a break is needed, without held
    hunts no audit."""
    missing = _missing(evidence)
    ends = None if missing else [Posterior(evidence).quantile(q) for q in (ALPHA / 2, 0.5, 1 - ALPHA / 2)]
    return CorrectedRate(
        rate=ends[1] if ends else None,
        interval=Interval(ends[0], ends[2], Method.JEFFREYS) if ends else None,
        ppv=jeffreys(evidence.true_breaks, evidence.reviewed_breaks),
        npv=jeffreys(evidence.true_held, evidence.audited_held),
        missing=missing,
    )


def _missing(evidence: Evidence) -> tuple[str, ...]:
    absent = {
        "decided_hunts": not evidence.broke + evidence.held,
        "reviewed_breaks": bool(evidence.broke) and not evidence.reviewed_breaks,
        "audited_held": bool(evidence.held) and not evidence.audited_held,
    }
    return tuple(name for name, lacks in absent.items() if lacks)


class Posterior:
    """The distribution of θ."""

    def __init__(self, evidence: Evidence) -> None:
        from scipy.special import betaincinv, roots_legendre

        at, weights = roots_legendre(NODES)
        at = (at + 1) / 2
        shares = at**2 * (3 - 2 * at)  # dense near 0 and 1, where quantiles of a Beta with few counts are steep
        self._weights = weights * 3 * at * (1 - at)
        judged = betaincinv(evidence.broke + 0.5, evidence.held + 0.5, shares)[:, None]
        missed = betaincinv(evidence.audited_held - evidence.true_held + 0.5, evidence.true_held + 0.5, shares)
        self._judged, self._found = judged, (1 - judged) * missed[None, :]
        self._ppv = evidence.true_breaks + 0.5, evidence.reviewed_breaks - evidence.true_breaks + 0.5

    def probability_below(self, rate: float) -> float:
        """Return P(θ ≤ rate): P(PPV ≤ (rate − (1−q)·(1−NPV)) / q), averaged over quantiles of q and NPV."""
        from scipy.special import betainc

        below = betainc(*self._ppv, ((rate - self._found) / self._judged).clip(0, 1))
        return float(self._weights @ below @ self._weights)

    def quantile(self, share: float) -> float:
        """Return the rate below which θ lies with probability `share`, by bisection."""
        low, high = 0.0, 1.0
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.probability_below(middle) < share else (low, middle)
        return (low + high) / 2
