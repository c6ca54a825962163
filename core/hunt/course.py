"""One run being worked on in this process: what its hunts share, from the first part to the last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from core.domain.run import Run
from core.domain.session import Session
from core.hunt.dispatch.base import Shards
from core.hunt.run import FailureStreak, JudgeFailureStreak
from core.hunt.stopping import Stopping
from core.providers.base import RetryBudget


@dataclass
class Course:
    """Built by the runner, and gone with its work."""

    session: Session
    run: Run
    shards: Shards
    parts: int
    budget: RetryBudget
    streak: FailureStreak
    judge_failures: JudgeFailureStreak
    active: asyncio.Semaphore
    stopping: Stopping
    ended: int = field(default=0)
    mine: set[int] = field(default_factory=set)
    """Parts that were taken and are not done."""
    last: bool = False
    """Whether the end of the run is ours."""
    gates: dict[str, asyncio.Semaphore] = field(default_factory=dict)


class StopRun(Exception):
    """The run is not to go on."""


@dataclass
class Once:
    """Calls through the first time only."""

    release: Callable[[], None]
    spent: bool = False

    def __call__(self) -> None:
        if not self.spent:
            self.spent = True
            self.release()
