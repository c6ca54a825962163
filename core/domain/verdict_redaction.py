"""Redacts hunts and runs while the session's verdicts are sealed (decision records 0040 and 0044)."""

from __future__ import annotations

import re

from core.domain.hunt import Hunt
from core.domain.parameters import NO_PARAMETERS

_COST_STOP = re.compile(r"^Stopped at a cost of \$[0-9.]+, as the run was told \((\$[0-9.e+-]+)\)\.$")


def redact_verdicts(hunt: Hunt) -> Hunt:
    """Return the hunt with its outcome, but without anything else from the judge. Every view, event and export of a
    sealed session uses it.

    Judge costs are removed with the verdicts, and second opinions except for the confirmation. `finished_at` is
    removed if there is a reply, since the duration of judging depends on the verdicts.
    """
    if hunt.trial:
        return hunt
    changes: dict[str, object] = {"verdicts": (), "judged": (), "judge_model": "", "judge_parameters": NO_PARAMETERS}
    changes["opinions"] = ()
    if hunt.reply is not None:
        changes["finished_at"] = None
    if hunt.error is not None:
        changes["error"] = hunt.error.model_copy(update={"message": redact_cost(hunt.error.message)})
    return hunt.model_copy(update=changes)


def redact_cost(stop_reason: str) -> str:
    """Return the stop reason without the cost at the time, which earlier releases included."""
    return _COST_STOP.sub(r"Stopped at the run's cost limit of \1.", stop_reason)
