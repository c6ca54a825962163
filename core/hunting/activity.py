"""What this process has done since it started: numbers for the admin status and the metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from core.domain.hunt import Hunt


@dataclass
class Activity:
    """Only counts; owned by the runtime, one for the process."""

    hunts_active: int = 0
    runs_started: int = 0
    runs_finished: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """Hunts that came to their end, by outcome."""
    bugs: int = 0
    """Failures that nobody expected: each is in the log with its trace."""

    def note_hunt(self, hunt: Hunt) -> None:
        if hunt.outcome is not None:
            self.outcomes[hunt.outcome.value] += 1

    def record_unexpected_error(self, _error: BaseException) -> None:
        self.bugs += 1
