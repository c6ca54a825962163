"""How the hunts of a run over several models are allocated to them (decision record 0107)."""

from __future__ import annotations

from typing import Literal

from core.domain.value import Value

Allocation = Literal["even", "adaptive"]
"""`even`: the models in rotation. `adaptive`: a fixed share of the hunts in rotation, the others to the model with the
most breaks per dollar so far, drawn when they begin."""
Share = Literal["", "uniform", "adaptive"]
"""The part of an adaptive run that a hunt belongs to: in rotation, or drawn; "" in other runs."""
UNIFORM_EVERY = 5
"""Of the hunts of an adaptive run the first, and every fifth from there, is uniform: at least 20 %."""


def is_even(allocation: object) -> bool:
    """For `exclude_if`."""
    return allocation == "even"


def share_of_place(place: int) -> Share:
    """Return the share of the hunt at a place (from 0) of an adaptive run: fixed, so that all processes agree."""
    return "adaptive" if place % UNIFORM_EVERY else "uniform"


class TargetCounts(Value):
    """What the hunts of one target in an adaptive run say about it, whatever their share."""

    finished: int = 0
    """Hunts that ended with an outcome or an error."""
    broke: int = 0
    confirmed: int = 0
    contested: int = 0
    priced: int = 0
    """Finished hunts whose target call has a known cost."""
    cost_usd: float = 0.0
    """Sum of these costs."""

    def plus(self, other: TargetCounts, sign: int) -> TargetCounts:
        """Return the sum with another hunt's counts, or (`sign` -1) without them."""
        both = ((name, getattr(self, name) + sign * getattr(other, name)) for name in TargetCounts.model_fields)
        return TargetCounts(**dict(both))
