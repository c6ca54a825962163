"""One run being worked on in this process: what its hunts share, from the first part to the last."""

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


@dataclass
class RunContext:
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
    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    """Who works on these parts."""
    last: bool = False
    """Whether the end of the run is ours."""
    gates: dict[str, asyncio.Semaphore] = field(default_factory=dict)

    def part(self, hunt: Hunt) -> int:
        return hunt_index(hunt.hunt_id) // self.run.part_hunts

    def claim(self, part: int) -> Claim | None:
        """What saves of the part's hunts show; None while nobody else can have it."""
        fence = self.shards.fence(part)
        return None if fence is None else Claim(f"{self.run.run_id}.{part}", fence)

    def give_up(self, part: int) -> None:
        """Others have the part: nothing of it is called, judged or saved here any more."""
        self.mine.discard(part)
        if (task := self.tasks.get(part)) is not None:
            task.cancel()


class HuntElsewhere(HunterError):
    """Others work on the hunt, or are further with it: it is gone on with nowhere else."""

    def __init__(self) -> None:
        super().__init__("Another process works on this hunt.")


class StopRun(Exception):
    """The run is not to go on."""


@dataclass
class CallOnce:
    """Calls through the first time only."""

    release: Callable[[], None]
    spent: bool = False

    def __call__(self) -> None:
        if not self.spent:
            self.spent = True
            self.release()
