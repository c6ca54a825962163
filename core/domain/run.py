"""A run: a batch of hunts started together, over one or more models, with the task at that time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Annotated, Any

from pydantic import Field, model_validator

from core.domain.allocation import UNIFORM_EVERY, Allocation, Share, TargetCounts, is_even, share_of_place
from core.domain.confirmation import NO_CONFIRM, ConfirmPolicy, is_no_policy
from core.domain.hunt import NO_CACHE_USE, CacheUse, Hunt, HuntStatus, sum_known
from core.domain.hunt_counts import second_opinion_counts, share_counts, target_counts
from core.domain.ids import hunt_id, is_simulated
from core.domain.parameters import Parameters, Target, is_default, stored_parameters
from core.domain.stop_rule import EVERY_HUNT, StopRule
from core.domain.task import Task
from core.domain.value import Value, is_empty
from core.domain.verdict import DECIDED, Outcome

MAX_HUNTS = 1000
MAX_MODEL_CHARS = 300
"""Maximum length of a model's name, `provider/model id`."""
COST_DIGITS = 9
"""Decimal places of a sum of costs in US dollars; beyond them is rounding noise."""


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


RUN_ENDED = frozenset({RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.FAILED})


class Run(Value):
    run_id: str
    models: tuple[str, ...]
    """Each hunt's model, in rotation."""
    targets: tuple[Target, ...] = Field(default=(), exclude_if=is_empty)
    """The distinct entries, if one of them has parameters or a label; otherwise empty, and the models are the
    entries."""
    rotation: tuple[int, ...] = Field(default=(), exclude_if=is_empty)
    """For each of `models` its place in `targets`."""
    allocation: Allocation = Field(default="even", exclude_if=is_even)
    shares: tuple[Share, ...] = Field(default=(), exclude_if=is_empty)
    """Of a run that retries hunts of an adaptive run: each hunt's share, kept from the retried hunt."""
    hunts: Annotated[int, Field(ge=1, le=MAX_HUNTS)]
    judge_model: str
    judge_parameters: Parameters = stored_parameters()
    task: Task
    """The task at the start. Later edits do not affect the run."""
    first_number: int
    """Number of the first hunt. Numbers are consecutive over all runs; a trial's is negative."""
    trial: bool = False
    """A trial: a single hunt that is counted and shown separately and cannot be selected."""
    turn: int = 1
    stop: StopRule = EVERY_HUNT
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
    notes: tuple[str, ...] = Field(default=(), exclude_if=is_empty)
    """Notes on the parameters, for people: what a provider may ignore."""
    stop_met: str = Field(default="", exclude_if=is_empty)
    """Why no further hunt starts, once the stop rule was met: hunts in progress can no longer change that."""
    confirm: ConfirmPolicy = Field(default=NO_CONFIRM, exclude_if=is_no_policy)
    """The second opinions that it asks for."""
    check_overridden: bool = False
    """The run was started without a passed reference check."""
    stop_reason: str = ""
    """Why a failed or stopped run ended, for people."""

    @model_validator(mode="after")
    def _targets_fit(self) -> Run:
        if self.targets or self.rotation:
            known = dict(enumerate(target.model for target in self.targets))
            if tuple(known.get(place) for place in self.rotation) != self.models:
                raise ValueError("the run's targets do not fit its models")
        if self.shares and len(self.shares) != self.hunts:
            raise ValueError("the run's shares do not fit its hunts")
        return self

    @property
    def entries(self) -> tuple[Target, ...]:
        """The distinct targets, in their first order."""
        return self.targets or tuple(Target(model=model) for model in dict.fromkeys(self.models))

    @property
    def is_adaptive(self) -> bool:
        return self.allocation == "adaptive"

    def share_of(self, index: int) -> Share:
        """Return the share of a hunt; "" in a run that is not adaptive."""
        if self.shares:
            return self.shares[index]
        return share_of_place(index) if self.is_adaptive else ""

    def target_of(self, index: int) -> Target | None:
        """Return the target of a hunt; None if it is drawn when the hunt begins. Targets rotate, so that all of them
        get replies early."""
        if self.is_adaptive:
            if self.share_of(index) == "adaptive":
                return None
            index //= UNIFORM_EVERY
        if not self.rotation:
            return Target(model=self.models[index % len(self.models)])
        return self.targets[self.rotation[index % len(self.rotation)]]

    @property
    def has_parameters(self) -> bool:
        """Whether a target or the judge has parameters, a target a label, second opinions are asked for, or the run is
        adaptive: what a process of the release before would leave out."""
        return bool(self.targets or self.confirm.asks or self.is_adaptive) or not is_default(self.judge_parameters)

    def judge_of(self, hunt: Hunt) -> Target:
        """Return the judge of the hunt's current verdicts, and how it is called."""
        if hunt.judge_model:
            return Target(model=hunt.judge_model, parameters=hunt.judge_parameters)
        return Target(model=self.judge_model, parameters=self.judge_parameters)

    def place_of(self, hunt: str) -> int | None:
        """Return the index (from 0) of a hunt, started or not; None if it is not of this run."""
        places = (place for place in range(self.hunts) if hunt_id(self.run_id, place) == hunt)
        return next(places, None)

    def may_change(self, hunt: Hunt) -> bool:
        """Whether work on the run may still change the hunt: it is not done, or may get second opinions."""
        if hunt.status is not HuntStatus.DONE:
            return True
        if hunt.opinions or hunt.judged:
            return bool(hunt.open_opinions)
        about = {Outcome.BROKE} if self.confirm.policy == "breaks" else DECIDED
        return self.confirm.asks and hunt.outcome in about

    def hunt(self, index: int) -> Hunt:
        """Return the unstarted hunt at `index` (from 0)."""
        target = self.target_of(index) or UNDRAWN
        return Hunt(
            hunt_id=hunt_id(self.run_id, index),
            run_id=self.run_id,
            number=self.first_number + index,
            turn=self.turn,
            model=target.model,
            label=target.label,
            parameters=target.parameters,
            share=self.share_of(index),
            simulated=is_simulated(target.model),
        )


UNDRAWN = Target(model="")
"""Of a hunt whose target is drawn when it begins."""


def rotate(targets: Sequence[Target]) -> dict[str, Any]:
    """Return a run's fields for hunts of these targets in rotation. Targets without parameters and labels leave
    only their models."""
    models = tuple(target.model for target in targets)
    if list(targets) == [Target(model=model) for model in models]:
        return {"models": models}
    distinct = {target.target: target for target in reversed(targets)}
    order = list(dict.fromkeys(target.target for target in targets))
    return {
        "models": models,
        "targets": tuple(distinct[target] for target in order),
        "rotation": tuple(order.index(target.target) for target in targets),
    }


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
    target_cache: CacheUse = NO_CACHE_USE
    judge_cache: CacheUse = NO_CACHE_USE
    confirmed: int = 0
    """Breaks that every other judge confirms."""
    contested: int = 0
    refuted: int = 0
    """Breaks that a person's review refutes, in neither of the two. The stores count none: reviews belong to the
    session."""
    opinions_asked: int = 0
    """Second opinions that were asked for, also on replies that have been judged again since."""
    votes_asked: int = 0
    """Judge calls that these need."""
    adaptive_finished: int = 0
    """Finished hunts of the share `adaptive`, which no rate counts; likewise the next three."""
    adaptive_broke: int = 0
    adaptive_held: int = 0
    adaptive_confirmed: int = 0
    by_target: dict[str, TargetCounts] = Field(default_factory=dict)
    """Of an adaptive run, by target ID; in no sum over runs."""

    @property
    def done(self) -> int:
        return self.total - self.queued - self.calling - self.judging

    @property
    def finished(self) -> int:
        """Hunts that ended with an outcome or an error, neither cancelled nor interrupted."""
        return self.broke + self.held + self.undetermined + self.error

    @property
    def decided(self) -> int:
        return self.broke + self.held

    @property
    def rated_broke(self) -> int:
        """Breaks that the break rate counts: all but those of the share `adaptive`."""
        return self.broke - self.adaptive_broke

    @property
    def rated_decided(self) -> int:
        return self.decided - self.adaptive_broke - self.adaptive_held

    @property
    def rated_finished(self) -> int:
        return self.finished - self.adaptive_finished

    @property
    def rated_confirmed(self) -> int:
        return self.confirmed - self.adaptive_confirmed

    @property
    def break_rate(self) -> float | None:
        """Over decided hunts only, of an adaptive run over its uniform share; None ("n/a") if there are none."""
        return self.rated_broke / self.rated_decided if self.rated_decided else None

    def without_judge(self) -> Counts:
        """Return the counts as shown while verdicts are sealed: with costs of target calls only."""
        cost = None if self.target_cost_usd is None else round(self.target_cost_usd, COST_DIGITS)
        return self.model_copy(
            update={
                "cost_usd": cost,
                "judge_cost_usd": None,
                "judge_cache": NO_CACHE_USE,
                "unknown_costs": self.target_unknown_costs,
            }
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
        self._target_cache, self._judge_cache = _CacheSum(), _CacheSum()
        self._second = Counter[str]()
        self._by_target: dict[str, TargetCounts] = {}

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
            target_cache=self._target_cache.use,
            judge_cache=self._judge_cache.use,
            **self._second,
            by_target={target: found for target, found in self._by_target.items() if found.finished},
            **states,
        )

    def _add(self, hunt: Hunt, sign: int) -> None:
        self._by_state[(hunt.outcome or hunt.status).value] += sign
        if not (hunt.progress or hunt.verdicts or hunt.opinions or hunt.simulated):
            return  # a call without a result has no other counts
        target_usd, judge_usd = hunt.target_cost_usd, hunt.judge_cost_usd
        self._costs.add(sum_known((target_usd, judge_usd)), sign)
        self._judge_costs.add(judge_usd, sign)
        self._target_costs.add(target_usd, sign)
        self._target_cache.add(hunt.target_cache, sign)
        self._judge_cache.add(hunt.judge_cache, sign)
        self._replies += sign * hunt.replied
        self._unknown_costs += sign * hunt.unknown_costs
        self._target_unknown_costs += sign * hunt.target_unknown_costs
        for name, amount in (*second_opinion_counts(hunt).items(), *share_counts(hunt).items()):
            self._second[name] += sign * amount
        if (added := target_counts(hunt)) is not None:
            self._by_target[hunt.target] = self._by_target.get(hunt.target, TargetCounts()).plus(added, sign)


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


class _CacheSum:
    """Sum of uses of a prompt cache."""

    def __init__(self) -> None:
        self._input_tokens = self._cached_tokens = 0
        self._saved = _Sum()

    def add(self, use: CacheUse, sign: int) -> None:
        self._input_tokens += sign * use.input_tokens
        self._cached_tokens += sign * use.cached_tokens
        self._saved.add(use.saved_usd, sign)

    @property
    def use(self) -> CacheUse:
        return CacheUse(input_tokens=self._input_tokens, cached_tokens=self._cached_tokens, saved_usd=self._saved.known)


def total_counts(parts: Iterable[Counts]) -> Counts:
    """Add up the counts of several runs."""
    every = list(parts)
    numbers = [name for name in Counts.model_fields if not name.endswith(("_usd", "_cache", "by_target"))]
    whole = {name: sum(getattr(c, name) for c in every) for name in numbers}
    return Counts(
        cost_usd=sum_known(c.cost_usd for c in every),
        judge_cost_usd=sum_known(c.judge_cost_usd for c in every),
        target_cost_usd=sum_known(c.target_cost_usd for c in every),
        target_cache=reduce(CacheUse.plus, (c.target_cache for c in every), NO_CACHE_USE),
        judge_cache=reduce(CacheUse.plus, (c.judge_cache for c in every), NO_CACHE_USE),
        **whole,
    )
