"""A run: a batch of hunts started together, over one or more models, with the task at that time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.domain.hunt import Hunt, HuntStatus, sum_known
from core.domain.ids import hunt_id, is_simulated
from core.domain.task import Task
from core.domain.value import Value

MAX_HUNTS = 1000
MAX_MODEL_CHARS = 300
"""Maximum length of a model's name, `provider/model id`."""
COST_DIGITS = 9
"""Decimal places of a sum of costs in US dollars; beyond them is rounding noise."""
MAX_STOP = 10**9
"""Upper bound of a stop rule, in breaks or dollars: never reached, and exact in every number format."""


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


RUN_ENDED = frozenset({RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.FAILED})


class StopRule(Value):
    """When a run ends early: never, at a number of breaks, or at a cost (US dollars, judge included)."""

    rule: Literal["all", "breaks", "cost"] = "all"
    breaks: Annotated[int, Field(ge=1, le=MAX_STOP)] | None = None
    cost_usd: Annotated[float, Field(gt=0, le=MAX_STOP, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> StopRule:
        given = {name for name in ("breaks", "cost_usd") if getattr(self, name) is not None}
        wanted = {"all": set(), "breaks": {"breaks"}, "cost": {"cost_usd"}}[self.rule]
        if given != wanted:
            raise ValueError(f"the rule {self.rule!r} takes {' and '.join(wanted) or 'no number'}")
        return self

    def met(self, counts: Counts) -> str:
        """Return why a run with these counts must start no further hunt; "" if it may."""
        if self.breaks is not None and counts.broke >= self.breaks:
            return f"Stopped at {counts.broke} breaks (limit: {self.breaks})."
        if self.cost_usd is not None and (counts.cost_usd or 0.0) >= self.cost_usd:
            # without the cost so far, which would reveal judge costs of a sealed session
            return f"Stopped at the run's cost limit of ${self.cost_usd:g}."
        return ""


class Run(Value):
    run_id: str
    models: tuple[str, ...]
    hunts: Annotated[int, Field(ge=1, le=MAX_HUNTS)]
    judge_model: str
    task: Task
    """The task at the start. Later edits do not affect the run."""
    first_number: int
    """Number of the first hunt. Numbers are consecutive over all runs; a trial's is negative."""
    trial: bool = False
    """A trial: a single hunt that is counted and shown separately and cannot be selected."""
    turn: int = 1
    stop: StopRule = StopRule()
    judge_cut_replies: bool = False
    """The session's setting at the start: judge replies that were cut off at an output limit."""
    part_hunts: Annotated[int, Field(ge=1)] = MAX_HUNTS
    """Hunts per part, the unit that a process claims. Fixed at the start, so that all processes number parts alike."""
    retry_of: str = ""
    """ID of the run whose error hunts this run retries."""
    cancelled_hunts: tuple[str, ...] = ()
    """IDs of hunts that a person cancelled; the worker of the run ends them."""
    status: RunStatus = RunStatus.QUEUED
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    idempotency_key: str = ""
    check_overridden: bool = False
    """The run was started without a passed reference check."""
    stop_reason: str = ""
    """Why a failed or stopped run ended, for people."""

    def model_of(self, index: int) -> str:
        """Return the model of a hunt. Models rotate, so that all of them get replies early."""
        return self.models[index % len(self.models)]

    def place_of(self, hunt: str) -> int | None:
        """Return the index (from 0) of a hunt, started or not; None if it is not of this run."""
        places = (place for place in range(self.hunts) if hunt_id(self.run_id, place) == hunt)
        return next(places, None)

    def hunt(self, index: int) -> Hunt:
        """Return the unstarted hunt at `index` (from 0)."""
        return Hunt(
            hunt_id=hunt_id(self.run_id, index),
            run_id=self.run_id,
            number=self.first_number + index,
            turn=self.turn,
            model=self.model_of(index),
            simulated=is_simulated(self.model_of(index)),
        )


class Counts(Value):
    """Counts derived from hunts, never stored."""

    total: int = 0
    queued: int = 0
    calling: int = 0
    judging: int = 0
    broke: int = 0
    held: int = 0
    undetermined: int = 0
    error: int = 0
    cancelled: int = 0
    interrupted: int = 0
    cost_usd: float | None = None
    judge_cost_usd: float | None = None
    replies: int = 0
    """Hunts with a non-empty reply, whatever their outcome: the attempts made."""
    unknown_costs: int = 0
    """Finished calls with unknown cost."""
    target_cost_usd: float | None = None
    """Cost of target calls only, which a sealed session shows."""
    target_unknown_costs: int = 0

    @property
    def done(self) -> int:
        return self.total - self.queued - self.calling - self.judging

    @property
    def finished(self) -> int:
        """Hunts that ended with an outcome or an error, neither cancelled nor interrupted."""
        return self.broke + self.held + self.undetermined + self.error

    @property
    def break_rate(self) -> float | None:
        """Over decided hunts only; None ("n/a") if there are none."""
        decided = self.broke + self.held
        return self.broke / decided if decided else None

    def without_judge(self) -> Counts:
        """Return the counts as shown while verdicts are sealed: with costs of target calls only."""
        cost = None if self.target_cost_usd is None else round(self.target_cost_usd, COST_DIGITS)
        return self.model_copy(
            update={"cost_usd": cost, "judge_cost_usd": None, "unknown_costs": self.target_unknown_costs}
        )


class Tally:
    """Incremental counts of one run, updated with each hunt. Owned by a store; always rebuildable from the hunts."""

    def __init__(self) -> None:
        self._by_state: Counter[str] = Counter()
        self._costs = _Sum()
        self._judge_costs = _Sum()
        self._target_costs = _Sum()
        self._unknown_costs = self._target_unknown_costs = 0
        self._replies = 0

    def replace(self, before: Hunt | None, after: Hunt) -> None:
        """Replace `before` (None: nothing) with `after`."""
        if before is not None:
            self._add(before, -1)
        self._add(after, +1)

    def counts(self, total: int) -> Counts:
        """Return the counts of `total` hunts; hunts that were never added are queued."""
        states = {state: n for state, n in self._by_state.items() if state != HuntStatus.QUEUED}
        return Counts(
            total=total,
            queued=total - sum(states.values()),
            cost_usd=self._costs.known,
            judge_cost_usd=self._judge_costs.known,
            unknown_costs=self._unknown_costs,
            target_cost_usd=self._target_costs.known,
            target_unknown_costs=self._target_unknown_costs,
            replies=self._replies,
            **states,
        )

    def _add(self, hunt: Hunt, sign: int) -> None:
        self._by_state[(hunt.outcome or hunt.status).value] += sign
        self._costs.add(hunt.cost_usd, sign)
        self._judge_costs.add(hunt.judge_cost_usd, sign)
        self._target_costs.add(hunt.target_cost_usd, sign)
        self._replies += sign * (hunt.reply is not None)
        self._unknown_costs += sign * hunt.unknown_costs
        self._target_unknown_costs += sign * hunt.target_unknown_costs


class _Sum:
    """Sum of known values; None if there are none."""

    def __init__(self) -> None:
        self._sum, self._n = 0.0, 0

    def add(self, value: float | None, sign: int) -> None:
        if value is not None:
            self._sum += sign * value
            self._n += sign

    @property
    def known(self) -> float | None:
        return self._sum if self._n else None


def total_counts(parts: Iterable[Counts]) -> Counts:
    """Add up the counts of several runs."""
    every = list(parts)
    whole = {name: sum(getattr(c, name) for c in every) for name in Counts.model_fields if not name.endswith("_usd")}
    return Counts(
        cost_usd=sum_known(c.cost_usd for c in every),
        judge_cost_usd=sum_known(c.judge_cost_usd for c in every),
        target_cost_usd=sum_known(c.target_cost_usd for c in every),
        **whole,
    )
