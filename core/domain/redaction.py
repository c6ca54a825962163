"""What of a hunt or a run is given out while its verdicts are sealed (decision records 0040 and 0044)."""

from __future__ import annotations

import re

from core.domain.hunt import Hunt

_COST_STOP = re.compile(r"^Stopped at a cost of \$[0-9.]+, as the run was told \((\$[0-9.e+-]+)\)\.$")


def redact_verdicts(hunt: Hunt) -> Hunt:
    """The hunt as it is given out while its verdicts are sealed: with its outcome, and nothing else of the judge. Every
    view, event and export of a sealed session is made from this.

    Costs follow the verdicts, since they are kept with them. `finished_at` goes too when there is a reply: how long the
    judge took depends on what it said."""
    if hunt.trial:
        return hunt
    changes: dict[str, object] = {"verdicts": (), "judged": (), "judge_model": ""}
    if hunt.reply is not None:
        changes["finished_at"] = None
    if hunt.error is not None:
        changes["error"] = hunt.error.model_copy(update={"message": redact_cost(hunt.error.message)})
    return hunt.model_copy(update=changes)


def redact_cost(stop_reason: str) -> str:
    """Why a run was stopped, without what it had cost by then. Earlier releases wrote the cost into it."""
    return _COST_STOP.sub(r"Stopped at the run's cost limit of \1.", stop_reason)
