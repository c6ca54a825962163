"""What one hunt adds to the counts of its run."""

from __future__ import annotations

from core.domain.allocation import TargetCounts
from core.domain.confirmation import Confirmation
from core.domain.hunt import Hunt
from core.domain.verdict import DECIDED, Outcome

FINISHED = DECIDED | {Outcome.UNDETERMINED, Outcome.ERROR}
"""Outcomes of hunts that were neither cancelled nor interrupted."""


def second_opinion_counts(hunt: Hunt) -> dict[str, int]:
    """Return what a hunt adds to the counts of second opinions, by field; empty without any. A sealed export
    brings a confirmation without its opinions."""
    asked = (*hunt.opinions, *(opinion for earlier in hunt.judged for opinion in earlier.opinions))
    if not asked and hunt.confirmation is Confirmation.UNCONFIRMED:
        return {}
    broke = hunt.outcome is Outcome.BROKE
    return {
        "confirmed": int(broke and hunt.confirmation is Confirmation.CONFIRMED),
        "contested": int(broke and hunt.confirmation is Confirmation.CONTESTED),
        "opinions_asked": len(asked),
        "votes_asked": sum(len(opinion.asked) for opinion in asked),
    }


def share_counts(hunt: Hunt) -> dict[str, int]:
    """Return what a finished hunt of the share `adaptive` adds to the counts that no rate counts, by field."""
    if hunt.share != "adaptive" or hunt.outcome not in FINISHED:
        return {}
    return {
        "adaptive_finished": 1,
        "adaptive_broke": int(hunt.outcome is Outcome.BROKE),
        "adaptive_held": int(hunt.outcome is Outcome.HELD),
        "adaptive_confirmed": second_opinion_counts(hunt).get("confirmed", 0),
    }


def target_counts(hunt: Hunt) -> TargetCounts | None:
    """Return what a hunt of an adaptive run adds to the counts of its target."""
    if not hunt.share or hunt.outcome not in FINISHED:
        return None
    second = second_opinion_counts(hunt)
    return TargetCounts(
        finished=1,
        broke=int(hunt.outcome is Outcome.BROKE),
        confirmed=second.get("confirmed", 0),
        contested=second.get("contested", 0),
        priced=int(hunt.target_cost_usd is not None),
        cost_usd=hunt.target_cost_usd or 0.0,
    )
