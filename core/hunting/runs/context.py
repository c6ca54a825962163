"""The state that one process shares among the hunts of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from core.domain.hunt import Hunt
from core.domain.ids import hunt_index
from core.domain.run import Run
from core.domain.session import Session
from core.errors import HunterError
from core.hunting.dispatch.base import Shards
from core.hunting.run_plan import FailureStreak, JudgeFailureStreak
from core.hunting.runs.stop import Stopping
from core.providers.base import RetryBudget
from core.sessions.base import Claim


@dataclass(kw_only=True)
class RunContext:
    """Created by the runner for the duration of its work."""

    session: Session
    run: Run
    shards: Shards
    parts: int
    budget: RetryBudget
    streak: FailureStreak
    judge_failures: JudgeFailureStreak
    active: asyncio.Semaphore
    stopping: Stopping
    ended: int = 0
    mine: set[int] = field(default_factory=set)
    """Parts that this process owns and has not finished."""
    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    """The task that works on each part."""
    last: bool = False
    """Whether this process finishes the run."""
    gates: dict[str, asyncio.Semaphore] = field(default_factory=dict)

    def part(self, hunt: Hunt) -> int:
        return hunt_index(hunt.hunt_id) // self.run.part_hunts

    def claim(self, part: int) -> Claim | None:
        """Return the claim that saves of the part's hunts present; None if no other process can own the part."""
        fence = self.shards.fence(part)
        return None if fence is None else Claim(f"{self.run.run_id}.{part}", fence)

    def give_up(self, part: int) -> None:
        """Drop a part that another process owns: stop calling, judging and saving its hunts."""
        self.mine.discard(part)
        if (task := self.tasks.get(part)) is not None:
            task.cancel()


class HuntElsewhere(HunterError):
    """Another process works on the hunt, or has saved a later state of it. Work on it here must stop."""

    def __init__(self) -> None:
        super().__init__("Another process works on this hunt.")


class StopRun(Exception):
    """The run must stop."""


@dataclass
class CallOnce:
    """Calls `release` on the first call only."""

    release: Callable[[], None]
    spent: bool = False

    def __call__(self) -> None:
        if not self.spent:
            self.spent = True
            self.release()
