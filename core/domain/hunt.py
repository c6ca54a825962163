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


class HuntError(Value):
    """Why a hunt has no outcome: a ProviderError's code and words, for people and for counting."""

    code: str
    message: str
    hint: str = ""
    status: int | None = None
    raw: str = ""


class Judging(Value):
    """Verdicts that were replaced when the reply was judged again, with the outcome that they gave."""

    at: datetime
    judge_model: str
    outcome: Outcome | None = None
    verdicts: tuple[CriterionVerdict, ...] = ()

    @property
    def cost_usd(self) -> float | None:
        return sum_known(v.cost_usd for v in self.verdicts)


class Hunt(Value):
    hunt_id: str
    run_id: str
    number: int
    """Counts on over all runs of the session, from 1. For people; the id is for programs. Trials count on below zero
    (-1 is the first), so that they stand apart from the hunts wherever these go by number."""
    turn: int = 1
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
    judge_model: str = ""
    """Who judges the reply again; "" while the run's judge has judged it."""
    judged: tuple[Judging, ...] = ()
    """Earlier judgings of the reply, oldest first: only what was replaced."""
    judging_key: str = ""
    """The idempotency key of the last request to judge it again."""

    @property
    def trial(self) -> bool:
        """A calibration hunt: shows everything, cannot be selected, is no attempt."""
        return self.number < 0

    @property
    def cut_off(self) -> bool:
        """Its reply stopped at an output limit: the text is not whole."""
        return self.reply is not None and self.reply.cut_off

    @property
    def judgings(self) -> int:
        """How often its reply has been judged, the judging that goes on included."""
        unjudged = self.reply is None or self.outcome is Outcome.ERROR
        return len(self.judged) + (not unjudged)

    @property
    def decided(self) -> bool:
        return self.outcome in DECIDED

    @property
    def judge_cost_usd(self) -> float | None:
        """Sum of the known judge costs, replaced verdicts included; None when none is known."""
        return sum_known(v.cost_usd for v in self.every_verdict)

    @property
    def every_verdict(self) -> tuple[CriterionVerdict, ...]:
        """All that a judge was asked for, replaced verdicts too."""
        return (*self.verdicts, *(v for earlier in self.judged for v in earlier.verdicts))

    @property
    def cost_usd(self) -> float | None:
        """Target and judge together; None when nothing is known."""
        return sum_known((self.target_cost_usd, self.judge_cost_usd))

    @property
    def unknown_costs(self) -> int:
        """Finished calls whose cost nobody knows."""
        return self.target_unknown_costs + sum(v.calls > 0 and v.cost_usd is None for v in self.every_verdict)

    @property
    def target_cost_usd(self) -> float | None:
        """The target call's cost; None when it is not known. A simulated call costs nothing, whatever became of it."""
        if self.reply is None:
            return 0.0 if self.simulated else None
        return self.reply.cost_usd

    @property
    def target_unknown_costs(self) -> int:
        """1 when there is a reply whose cost nobody knows."""
        return int(self.reply is not None and self.reply.cost_usd is None)

    @property
    def progress(self) -> int:
        """How far it is. A state never gives way to one with less progress: replies and verdicts were paid for.

        Judging again begins a new round, which is further than everything of the round before.
        """
        round_ = len(self.judged) * ROUND_PROGRESS
        if self.status is HuntStatus.DONE:
            return round_ + DONE_PROGRESS
        return round_ + (0 if self.reply is None else 1000 + len(self.verdicts))

    def may_become(self, later: Hunt) -> bool:
        """Whether this stored state gives way to `later`: never when it is done (of that round), nor to less."""
        done = self.progress % ROUND_PROGRESS == DONE_PROGRESS
        return later.progress > self.progress if done else later.progress >= self.progress


DONE_PROGRESS = 1_000_000
ROUND_PROGRESS = 2_000_000


def sum_known(costs: Iterable[float | None]) -> float | None:
    """The sum of what is known; None when nothing is, since unknown is not 0."""
    known = [c for c in costs if c is not None]
    return sum(known) if known else None


def attempts_made(hunts: Iterable[Hunt], came_with: int = 0) -> int:
    """`number_of_attempts_made`: hunts with a non-empty reply over all runs, plus what the notebook came with.

    Trials are no attempts.
    """
    return came_with + sum(h.reply is not None and not h.trial for h in hunts)
