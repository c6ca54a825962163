"""Samples of the last ten minutes for one viewer: each account's calls and limit at each poll."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from core.status import AdminStatus

RETENTION = timedelta(minutes=10)
MAX_SAMPLES = 3000
"""Bounds memory for short polling intervals."""
MAX_ANSWERS = 30
"""Enough that every live replica of a few is among them; a replica that is missing has stopped."""
STARTING = timedelta(minutes=1)
"""Longer than a new process takes to its first answer, during which the process it replaces still answers."""


@dataclass(frozen=True)
class Sample:
    at: datetime
    instance: str
    provider: str
    in_flight: int
    queued: int
    limit: int


@dataclass(frozen=True)
class ProcessAnswer:
    at: datetime
    instance: str
    started: datetime
    """Start time of the process, from its uptime."""


@dataclass
class Recent:
    """Samples and answers, bounded by age and number."""

    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=MAX_SAMPLES))
    answers: deque[ProcessAnswer] = field(default_factory=lambda: deque(maxlen=MAX_ANSWERS))

    def add(self, at: datetime, status: AdminStatus) -> None:
        """Record a sample of every usable provider."""
        self.answers.append(ProcessAnswer(at, status.instance, at - timedelta(seconds=status.uptime_s)))
        self.samples.extend(
            Sample(at, status.instance, p.name, p.in_flight, p.queued, p.limit) for p in status.providers if p.usable
        )
        while self.samples and self.samples[0].at < at - RETENTION:
            self.samples.popleft()

    @property
    def instances(self) -> list[str]:
        """Instances that answer alternately, without those that a newer process has replaced."""
        if not self.answers:
            return []
        since = max(answer.started for answer in self.answers) + STARTING
        return sorted({self.answers[-1].instance} | {a.instance for a in self.answers if a.at > since})

    @property
    def providers(self) -> list[str]:
        """Provider names, busiest first."""
        busy = Counter({sample.provider: 0 for sample in self.samples})
        for sample in self.samples:
            busy[sample.provider] += sample.in_flight + sample.queued
        return [name for name, _ in sorted(busy.items(), key=lambda pair: (-pair[1], pair[0]))]

    def frame(self, provider: str) -> pd.DataFrame:
        """at (UTC), instance, what ("in flight", "queued" or "limit"), calls, for one provider."""
        rows = [
            (sample.at, sample.instance, what, calls)
            for sample in self.samples
            if sample.provider == provider
            for what, calls in (("in flight", sample.in_flight), ("queued", sample.queued), ("limit", sample.limit))
        ]
        return pd.DataFrame(rows, columns=["at", "instance", "what", "calls"])
