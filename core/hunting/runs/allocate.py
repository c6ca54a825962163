"""Chooses the model of a hunt of an adaptive run when the hunt begins (decision record 0107). Pure.

A hunt without an outcome (an error, an undetermined verdict) counts like one that held: its money found no break.
Judging costs the same for every target: that of the run's finished hunts, so that an allocation reveals nothing of the
judge's costs on single models.
"""

from __future__ import annotations

from core.domain.allocation import TargetCounts
from core.domain.hunt import Hunt
from core.domain.ids import hunt_index, is_simulated
from core.domain.run import Counts, Run
from core.statistics.thompson import Arm, draw


def with_drawn_target(hunt: Hunt, run: Run, counts: Counts) -> Hunt:
    """Return the hunt with a target that is drawn from the run's `counts`, seeded with the run and the hunt's place."""
    judging = 0.0 if counts.judge_cost_usd is None else counts.judge_cost_usd / max(1, counts.finished)
    arms = [_arm(run, counts.by_target.get(one.target, TargetCounts()), judging) for one in run.entries]
    target = run.entries[draw(arms, f"{run.run_id} {hunt_index(hunt.hunt_id)}")]
    chosen = {"model": target.model, "label": target.label, "parameters": target.parameters}
    return hunt.model_copy(update={**chosen, "simulated": is_simulated(target.model)})


def _arm(run: Run, found: TargetCounts, judging_usd: float) -> Arm:
    """Breaks whose second opinions are pending, or were not asked for, say nothing yet."""
    cost = found.cost_usd / found.priced + judging_usd if found.priced else None
    if not run.confirm.asks:
        return Arm(found.broke, found.finished, cost)
    return Arm(found.confirmed, found.finished - found.broke + found.confirmed + found.contested, cost)
