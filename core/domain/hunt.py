"""One hunt: one call to the target model and the judging of its reply, with its states and transitions."""

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
    """Why a hunt failed: code and message of a ProviderError, for people and statistics."""

    code: str
    message: str
    hint: str = ""
    status: int | None = None
    raw: str = ""


class Judging(Value):
    """Verdicts that rejudging replaced, with their outcome."""

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
    """Consecutive over all runs of the session, from 1. For people; programs use the ID. Trials have negative numbers
    (-1 is the first), so that they sort apart from hunts."""
    turn: int = 1
    model: str
    """`provider/model id`, as requested."""
    status: HuntStatus = HuntStatus.QUEUED
    outcome: Outcome | None = None
    """None until the hunt is done."""
    reply: Reply | None = None
    verdicts: tuple[CriterionVerdict, ...] = ()
    """Known verdicts, in the order of the task's criteria."""
    error: HuntError | None = None
    attempts: int = 0
    """Attempts of the target call so far; the page shows "retrying"."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    simulated: bool = False
    judge_model: str = ""
    """The judge of the latest rejudging; "" if only the run's judge has judged."""
    judged: tuple[Judging, ...] = ()
    """Earlier judgings of the reply, oldest first; only replaced verdicts."""
    judging_key: str = ""
    """Idempotency key of the last request to judge again."""

    @property
    def trial(self) -> bool:
        """A trial: it shows everything, cannot be selected and does not count as an attempt."""
        return self.number < 0

    @property
    def cut_off(self) -> bool:
        """Whether the reply was cut off at an output limit."""
        return self.reply is not None and self.reply.cut_off

    @property
    def judgings(self) -> int:
        """Number of judgings of the reply, including the current one."""
        unjudged = self.reply is None or self.outcome is Outcome.ERROR
        return len(self.judged) + (not unjudged)

    @property
    def decided(self) -> bool:
        return self.outcome in DECIDED

    @property
    def judge_cost_usd(self) -> float | None:
        """Sum of the known judge costs, including replaced verdicts; None if none is known."""
        return sum_known(v.cost_usd for v in self.every_verdict)

    @property
    def every_verdict(self) -> tuple[CriterionVerdict, ...]:
        """All verdicts of judges, including replaced ones."""
        return (*self.verdicts, *(v for earlier in self.judged for v in earlier.verdicts))

    @property
    def cost_usd(self) -> float | None:
        """Target and judge costs together; None if none is known."""
        return sum_known((self.target_cost_usd, self.judge_cost_usd))

    @property
    def unknown_costs(self) -> int:
        """Number of finished calls with unknown cost."""
        return self.target_unknown_costs + sum(v.calls > 0 and v.cost_usd is None for v in self.every_verdict)

    @property
    def target_cost_usd(self) -> float | None:
        """Cost of the target call; None if unknown. A simulated call costs nothing, even without a reply."""
        if self.reply is None:
            return 0.0 if self.simulated else None
        return self.reply.cost_usd

    @property
    def target_unknown_costs(self) -> int:
        """1 if there is a reply with unknown cost, else 0."""
        return int(self.reply is not None and self.reply.cost_usd is None)

    @property
    def progress(self) -> int:
        """Rank of this state. A stored state is never replaced by one with a lower rank, since replies and verdicts
        were paid for.

        Rejudging starts a new round, which ranks above the round before.
        """
        round_ = len(self.judged) * ROUND_PROGRESS
        if self.status is HuntStatus.DONE:
            return round_ + DONE_PROGRESS
        return round_ + (0 if self.reply is None else 1000 + len(self.verdicts))

    def may_become(self, later: Hunt) -> bool:
        """Whether `later` may replace this stored state: not with a lower rank, and not with an equal rank once
        done."""
        done = self.progress % ROUND_PROGRESS == DONE_PROGRESS
        return later.progress > self.progress if done else later.progress >= self.progress


DONE_PROGRESS = 1_000_000
ROUND_PROGRESS = 2_000_000


def sum_known(costs: Iterable[float | None]) -> float | None:
    """Sum the known costs; None if none is known, since unknown is not 0."""
    known = [c for c in costs if c is not None]
    return sum(known) if known else None


def attempts_made(hunts: Iterable[Hunt], came_with: int = 0) -> int:
    """Return `number_of_attempts_made`: hunts with a non-empty reply over all runs, plus the notebook's initial
    number.

    Trials do not count.
    """
    return came_with + sum(h.reply is not None and not h.trial for h in hunts)
