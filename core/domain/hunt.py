"""One hunt: one call of the target model and the judging of its reply. Its states and the moves between them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from core.domain.chat import Reply
from core.domain.value import Value
from core.domain.verdict import DECIDED, CriterionVerdict, Outcome


class HuntStatus(StrEnum):
    QUEUED = "queued"
    CALLING = "calling"
    JUDGING = "judging"
    DONE = "done"


MOVES: dict[HuntStatus, frozenset[HuntStatus]] = {
    HuntStatus.QUEUED: frozenset({HuntStatus.CALLING, HuntStatus.DONE}),
    HuntStatus.CALLING: frozenset({HuntStatus.JUDGING, HuntStatus.DONE, HuntStatus.QUEUED}),
    HuntStatus.JUDGING: frozenset({HuntStatus.DONE}),
    HuntStatus.DONE: frozenset(),
}
"""Allowed moves. CALLING back to QUEUED: the process that called died or was drained before a reply came."""


class HuntError(Value):
    """Why a hunt has no outcome: a ProviderError's code and words, for people and for counting."""

    code: str
    message: str
    hint: str = ""
    status: int | None = None
    raw: str = ""


class Hunt(Value):
    hunt_id: str
    run_id: str
    number: int
    """Counts on over all runs of the session, from 1. For people; the id is for programs."""
    model: str
    """`provider/model id`, as asked for."""
    status: HuntStatus = HuntStatus.QUEUED
    outcome: Outcome | None = None
    """None until the hunt is done."""
    reply: Reply | None = None
    verdicts: tuple[CriterionVerdict, ...] = ()
    """In the order of the task's criteria, as far as they are known."""
    error: HuntError | None = None
    attempts: int = 0
    """Tries of the target call so far, for "retrying" on the page."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    simulated: bool = False

    @property
    def decided(self) -> bool:
        return self.outcome in DECIDED

    @property
    def judge_cost_usd(self) -> float | None:
        """Sum of the known judge costs; None when none is known."""
        return sum_known(v.cost_usd for v in self.verdicts)

    @property
    def cost_usd(self) -> float | None:
        """Target and judge together; None when nothing is known."""
        return sum_known((self.reply.cost_usd if self.reply else None, self.judge_cost_usd))

    @property
    def unknown_costs(self) -> int:
        """Finished calls whose cost nobody knows."""
        target = int(self.reply is not None and self.reply.cost_usd is None)
        return target + sum(v.calls > 0 and v.cost_usd is None for v in self.verdicts)

    @property
    def progress(self) -> int:
        """How far it is. A state never gives way to one with less progress: replies and verdicts were paid for."""
        if self.status is HuntStatus.DONE:
            return DONE_PROGRESS
        return 0 if self.reply is None else 1000 + len(self.verdicts)


DONE_PROGRESS = 1_000_000


def sum_known(costs: Iterable[float | None]) -> float | None:
    """The sum of what is known; None when nothing is, since unknown is not 0."""
    known = [c for c in costs if c is not None]
    return sum(known) if known else None


def attempts_made(hunts: Iterable[Hunt], came_with: int = 0) -> int:
    """`number_of_attempts_made`: hunts with a non-empty reply over all runs, plus what the notebook came with."""
    return came_with + sum(h.reply is not None for h in hunts)
