"""The last minutes as one viewer's page has seen them: each account's calls and limit at each look."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from dashboard_app.live import Status

KEPT = timedelta(minutes=10)
MAX_LOOKS = 3000
"""However short the pause between two looks is set."""
LAST_ANSWERS = 30
"""Of so many at least one comes from every replica of a few: whoever is not among them has gone."""
STARTING = timedelta(minutes=1)
"""Longer than a process takes from its start to its first answer, while the one that it replaces still answers."""


@dataclass(frozen=True)
class Look:
    at: datetime
    instance: str
    provider: str
    in_flight: int
    queued: int
    limit: int


@dataclass(frozen=True)
class Answer:
    at: datetime
    instance: str
    started: datetime
    """When that process did, by its own uptime."""


@dataclass
class Recent:
    """Bounded by age and by number."""

    looks: deque[Look] = field(default_factory=lambda: deque(maxlen=MAX_LOOKS))
    answers: deque[Answer] = field(default_factory=lambda: deque(maxlen=LAST_ANSWERS))

    def add(self, at: datetime, status: Status) -> None:
        """Notes every provider that can be called."""
        self.answers.append(Answer(at, status.instance, at - timedelta(seconds=status.uptime_s)))
        self.looks.extend(
            Look(at, status.instance, p.name, p.in_flight, p.queued, p.limit) for p in status.providers if p.usable
        )
        while self.looks and self.looks[0].at < at - KEPT:
            self.looks.popleft()

    @property
    def instances(self) -> list[str]:
        """Those that answer in turn. One that a newer one has replaced is not among them: it has not answered since."""
        if not self.answers:
            return []
        since = max(answer.started for answer in self.answers) + STARTING
        return sorted({self.answers[-1].instance} | {a.instance for a in self.answers if a.at > since})

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
