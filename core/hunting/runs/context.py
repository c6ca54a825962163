"""The state that one process shares among the hunts of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from core.domain.hunt import Hunt, HuntStatus
from core.domain.ids import hunt_index
from core.domain.run import Run
from core.domain.session import Session
from core.errors import Superseded
from core.hunting.dispatch.base import PartClaims
from core.hunting.run_plan import FailureStreak, JudgeFailureStreak
from core.hunting.runs.stop import Stopping
from core.providers.base import RetryBudget
from core.sessions.base import Claim


@dataclass(kw_only=True)
class RunContext:
    """Created by the runner for the duration of its work."""

    session: Session
    run: Run
    claims: PartClaims
    parts: int
    budget: RetryBudget
    streak: FailureStreak
    judge_failures: JudgeFailureStreak
    active: asyncio.Semaphore
    stopping: Stopping
    confirming: asyncio.Semaphore
    """Limits the hunts whose second opinions are asked for at once."""
    confirm_budget: RetryBudget
    """Retries of second opinions; those of first calls are not theirs."""
    opinion_failures: dict[str, JudgeFailureStreak]
    """By the confirming judge's target."""
    ended: int = 0
    confirmed: int = 0
    """Hunts whose second opinions are complete."""
    opinions_end: str = ""
    """Why no further second opinions are asked for; "" while they are."""
    choosing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a hunt's second opinions are counted against the run's limit."""
    mine: set[int] = field(default_factory=set)
    """Parts that this process owns and has not finished."""
    overtaken: set[int] = field(default_factory=set)
    """Places of the hunts of which another process had saved a later state when ours was saved."""
    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    """The task that works on each part."""
    last: bool = False
    """Whether this process finishes the run."""
    gates: dict[str, asyncio.Semaphore] = field(default_factory=dict)

    def part(self, hunt: Hunt) -> int:
        return hunt_index(hunt.hunt_id) // self.run.part_hunts

    def places(self, part: int) -> range:
        """The places of the part's hunts."""
        size = self.run.part_hunts
        return range(part * size, min(self.run.hunts, (part + 1) * size))

    async def stop_on_shutdown(self, why: str) -> None:
        """Start no further hunt when the process stops."""
        await self.claims.ending.wait()
        self.stopping.end(why)

    def claim(self, part: int) -> Claim | None:
        """Return the claim that saves of the part's hunts present; None if no other process can own the part."""
        fence = self.claims.fence(part)
        return None if fence is None else Claim(f"{self.run.run_id}.{part}", fence)

    def give_up(self, part: int) -> None:
        """Drop a part that another process owns: stop calling, judging and saving its hunts."""
        self.mine.discard(part)
        if (task := self.tasks.get(part)) is not None:
            task.cancel()


class HuntElsewhere(Superseded):
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


def waiting_again(hunt: Hunt) -> Hunt:
    """Return the hunt as queued, after a call whose reply was lost."""
    return hunt.model_copy(update={"status": HuntStatus.QUEUED, "started_at": None})


def reply_to_judge(hunt: Hunt, run: Run) -> bool:
    """Whether this state is the first one with a reply, which is judged next."""
    return hunt.status is HuntStatus.JUDGING and not hunt.verdicts and (not hunt.cut_off or run.judge_cut_replies)
