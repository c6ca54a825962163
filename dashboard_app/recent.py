"""The last minutes as one viewer's page has seen them: how many calls were in flight and waiting at each look."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from dashboard_app.live import Status

KEPT = timedelta(minutes=10)
LOOKS_MOST = 600
"""However short the pause between two looks is set."""


@dataclass(frozen=True)
class Look:
    at: datetime
    instance: str
    in_flight: int
    queued: int


@dataclass
class Recent:
    """Bounded by age and by number."""

    looks: deque[Look] = field(default_factory=lambda: deque(maxlen=LOOKS_MOST))

    def add(self, at: datetime, status: Status) -> None:
        self.looks.append(Look(at, status.instance, status.in_flight, status.queued))
        while self.looks[0].at < at - KEPT:
            self.looks.popleft()

    @property
    def instances(self) -> list[str]:
        return sorted({look.instance for look in self.looks})

    def frame(self) -> pd.DataFrame:
        """at (UTC), instance, what ("in flight" or "queued"), calls."""
        rows = [
            (look.at, look.instance, what, calls)
            for look in self.looks
            for what, calls in (("in flight", look.in_flight), ("queued", look.queued))
        ]
        return pd.DataFrame(rows, columns=["at", "instance", "what", "calls"])
