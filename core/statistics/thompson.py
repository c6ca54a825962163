"""Thompson sampling of the arm with the most successes per dollar (Thompson 1933; Russo et al. 2018, with costs).

Each arm's success rate is drawn from its Beta posterior under the prior of the confidence sequence, and divided by the
arm's cost; the largest quotient wins. So an arm is drawn as often as it is probably the best one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from core.statistics.intervals import PRIOR

MIN_COST = 1e-6
"""US dollars: a free arm counts as this cheap, so free arms are compared by their rates."""


@dataclass(frozen=True)
class Arm:
    """`cost`: mean per trial, in US dollars; None: unknown, which counts as the mean of the known ones."""

    successes: int
    trials: int
    cost: float | None = None


def draw(arms: Sequence[Arm], seed: str) -> int:
    """Return the index of the drawn arm; the same for the same arms and seed in every process."""
    chance = random.Random(seed)
    known = [max(MIN_COST, arm.cost) for arm in arms if arm.cost is not None]
    usual = sum(known) / len(known) if known else 1.0
    a, b = PRIOR
    worth = [
        chance.betavariate(a + arm.successes, b + arm.trials - arm.successes)
        / (usual if arm.cost is None else max(MIN_COST, arm.cost))
        for arm in arms
    ]
    return max(range(len(arms)), key=worth.__getitem__)
