"""Break rates with confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959964
"""Standard deviations that cover 95% of the normal distribution."""


@dataclass(frozen=True)
class Rate:
    """Breaks over decided hunts (broke + held); errors and undecided hunts do not count."""

    broke: int
    decided: int

    @property
    def share(self) -> float | None:
        """0 to 1; None ("n/a") without decided hunts."""
        return self.broke / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95% Wilson score interval: valid for few hunts and for rates of 0 and 1, unlike the normal approximation."""
        if not self.decided:
            return None
        share, n, z2 = self.broke / self.decided, self.decided, Z_95**2
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        reach = Z_95 / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
        return max(0.0, min(share, middle - reach)), min(1.0, max(share, middle + reach))
