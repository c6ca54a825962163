"""Counters of this process since its start, for the admin status and the metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from core.domain.hunt import Hunt


@dataclass
class Activity:
    """Owned by the runtime; one per process."""

    hunts_active: int = 0
    runs_started: int = 0
    runs_finished: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """Finished hunts by outcome."""
    bugs: int = 0
    """Unexpected errors; each is logged with its traceback."""

    def note_hunt(self, hunt: Hunt) -> None:
        if hunt.outcome is not None:
            self.outcomes[hunt.outcome.value] += 1

    def record_unexpected_error(self, _error: BaseException) -> None:
        self.bugs += 1
