"""The last minutes as one viewer's page has seen them: each account's calls and limit at each look."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from dashboard_app.live import Status

KEPT = timedelta(minutes=10)
LOOKS_MOST = 3000
"""However short the pause between two looks is set."""


@dataclass(frozen=True)
class Look:
    at: datetime
    instance: str
    provider: str
    in_flight: int
    queued: int
    limit: int


@dataclass
class Recent:
    """Bounded by age and by number."""

    looks: deque[Look] = field(default_factory=lambda: deque(maxlen=LOOKS_MOST))

    def add(self, at: datetime, status: Status) -> None:
        """Notes every provider that can be called."""
        self.looks.extend(
            Look(at, status.instance, p.name, p.in_flight, p.queued, p.limit) for p in status.providers if p.usable
        )
        while self.looks and self.looks[0].at < at - KEPT:
            self.looks.popleft()

    @property
    def instances(self) -> list[str]:
        return sorted({look.instance for look in self.looks})

    @property
    def providers(self) -> list[str]:
        """The busiest first."""
        busy = Counter({look.provider: 0 for look in self.looks})
        for look in self.looks:
            busy[look.provider] += look.in_flight + look.queued
        return [name for name, _ in sorted(busy.items(), key=lambda pair: (-pair[1], pair[0]))]

    def frame(self, provider: str) -> pd.DataFrame:
        """at (UTC), instance, what ("in flight", "queued" or "limit"), calls: of one provider."""
        rows = [
            (look.at, look.instance, what, calls)
            for look in self.looks
            if look.provider == provider
            for what, calls in (("in flight", look.in_flight), ("queued", look.queued), ("limit", look.limit))
        ]
        return pd.DataFrame(rows, columns=["at", "instance", "what", "calls"])
