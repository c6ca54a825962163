"""One hunt: one call to the target model and the judging of its reply, with its states and transitions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from core.domain.allocation import Share
from core.domain.chat import Reply, Usage
from core.domain.confirmation import Confirmation, SecondOpinion
from core.domain.parameters import MAX_LABEL_CHARS, Parameters, stored_parameters, target_id
from core.domain.value import Value, is_empty
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


def is_unconfirmed(confirmation: Confirmation) -> bool:
    """For `exclude_if`."""
    return confirmation is Confirmation.UNCONFIRMED


def _opinions() -> Any:
    return Field(default=(), exclude_if=is_empty)


def _confirmation() -> Any:
    return Field(default=Confirmation.UNCONFIRMED, exclude_if=is_unconfirmed)


class Judging(Value):
    """Verdicts that rejudging replaced, with their outcome and the second opinions on it."""

    at: datetime
    judge_model: str
    judge_parameters: Parameters = stored_parameters()
    outcome: Outcome | None = None
    verdicts: tuple[CriterionVerdict, ...] = ()
    opinions: tuple[SecondOpinion, ...] = _opinions()
    confirmation: Confirmation = _confirmation()

    @property
    def cost_usd(self) -> float | None:
        return sum_known(v.cost_usd for v in self.every_verdict)

    @property
    def every_verdict(self) -> tuple[CriterionVerdict, ...]:
        """The verdicts, and the votes of other judges."""
        return (*self.verdicts, *(vote for opinion in self.opinions for vote in opinion.verdicts))


class CacheUse(Value):
    """Input tokens of calls, how many of them came from a provider's prompt cache, and what that saved."""

    input_tokens: int = 0
    """Of calls that report both numbers."""
    cached_tokens: int = 0
    saved_usd: float | None = None
    """null: unknown."""

    def plus(self, other: CacheUse) -> CacheUse:
        return CacheUse(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            saved_usd=sum_known((self.saved_usd, other.saved_usd)),
        )


NO_CACHE_USE = CacheUse()


class Hunt(Value):
    hunt_id: str
    run_id: str
    number: int
    """Consecutive over all runs of the session, from 1. For people; programs use the ID. Trials have negative numbers
    (-1 is the first), so that they sort apart from hunts."""
    turn: int = 1
    model: str
    """`provider/model id`, as requested; "" while an adaptive run has not drawn it, also if the hunt never begins."""
    label: str = Field(default="", max_length=MAX_LABEL_CHARS, exclude_if=is_empty)
    """The name of the run's entry; "" for the model's name."""
    parameters: Parameters = stored_parameters()
    """How the model is called."""
    share: Share = Field(default="", exclude_if=is_empty)
    """The share of an adaptive run that it belongs to. Break rates leave the share `adaptive` out."""
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
    judge_parameters: Parameters = stored_parameters()
    """How that judge is called. Without `judge_model` the run's judge and parameters apply."""
    judged: tuple[Judging, ...] = ()
    """Earlier judgings of the reply, oldest first; only replaced verdicts."""
    judging_key: str = ""
    """Idempotency key of the last request to judge again."""
    opinions: tuple[SecondOpinion, ...] = _opinions()
    """Second opinions on the current verdicts, oldest first. A judge that is asked again has several; its last one
    counts."""
    confirmation: Confirmation = _confirmation()
    """What the second opinions make of the outcome, set with the last one. Never `refuted`, which depends on the
    session's reviews."""

    @property
    def target(self) -> str:
        """ID of the model with its parameters: the unit that rates are counted by."""
        return target_id(self.model, self.parameters)

    @property
    def trial(self) -> bool:
        """A trial: it shows everything, cannot be selected and does not count as an attempt."""
        return self.number < 0

    @property
    def cut_off(self) -> bool:
        """Whether the reply was cut off at an output limit."""
        return self.reply is not None and self.reply.cut_off

    @property
    def stopped(self) -> bool:
        """Whether a person stopped the reply while it was written: the reply is what had arrived, and never judged."""
        return self.reply is not None and self.reply.stopped

    @property
    def replied(self) -> bool:
        """Whether the model has given a non-empty reply, complete or not: then the hunt is an attempt."""
        return self.reply is not None and bool(self.reply.text)

    @property
    def judgings(self) -> int:
        """Number of judgings of the reply, including the current one."""
        unjudged = self.reply is None or self.outcome is Outcome.ERROR or self.stopped
        return len(self.judged) + (not unjudged)

    @property
    def decided(self) -> bool:
        return self.outcome in DECIDED

    @property
    def rated(self) -> bool:
        """Whether break rates count it: it is decided, and its model was not chosen by earlier outcomes."""
        return self.decided and self.share != "adaptive"

    @property
    def judge_cost_usd(self) -> float | None:
        """Sum of the known judge costs, including replaced verdicts; None if none is known."""
        return sum_known(v.cost_usd for v in self.every_verdict)

    @property
    def every_verdict(self) -> tuple[CriterionVerdict, ...]:
        """All verdicts of judges, including replaced ones and second opinions."""
        if not self.judged and not self.opinions:
            return self.verdicts
        votes = (vote for opinion in self.opinions for vote in opinion.verdicts)
        return (*self.verdicts, *votes, *(v for earlier in self.judged for v in earlier.every_verdict))

    @property
    def open_opinions(self) -> tuple[SecondOpinion, ...]:
        """Second opinions that were asked for and are not complete."""
        return tuple(opinion for opinion in self.opinions if opinion.outcome is None)

    @property
    def votes_asked(self) -> int:
        """Number of judge calls that the second opinions need."""
        return sum(len(opinion.asked) for opinion in self.opinions)

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
    def target_cache(self) -> CacheUse:
        return _cache_use(() if self.reply is None else ((self.reply.usage, self.reply.cache_saved_usd),))

    @property
    def judge_cache(self) -> CacheUse:
        """Of all judgings, including replaced verdicts."""
        return _cache_use((verdict.usage, verdict.cache_saved_usd) for verdict in self.every_verdict)

    @property
    def progress(self) -> int:
        """Rank of this state. A stored state is never replaced by one with a lower rank, since replies and verdicts
        were paid for.

        Rejudging starts a new round, which ranks above the round before. Second opinions rank above the outcome.
        """
        round_ = len(self.judged) * ROUND_PROGRESS
        if self.status is HuntStatus.DONE:
            # judges that are asked together count once, so that of two requests at a time the later replaces nothing
            further = len(self.opinions) - len({(opinion.asked_at, opinion.key) for opinion in self.opinions})
            return round_ + DONE_PROGRESS + sum(opinion.steps for opinion in self.opinions) - further
        return round_ + (0 if self.reply is None else REPLY_PROGRESS + len(self.verdicts))

    def may_become(self, later: Hunt) -> bool:
        """Whether `later` may replace this stored state: not with a lower rank, and not with an equal rank once
        done."""
        done = self.progress % ROUND_PROGRESS >= DONE_PROGRESS
        return later.progress > self.progress if done else later.progress >= self.progress


REPLY_PROGRESS = 1000
"""The least rank of a state with a reply."""
DONE_PROGRESS = 1_000_000
ROUND_PROGRESS = 2_000_000


def _cache_use(calls: Iterable[tuple[Usage, float | None]]) -> CacheUse:
    """The sum over calls that report cached tokens."""
    known = [(usage, saved) for usage, saved in calls if usage.cached_tokens is not None]
    if not known:
        return NO_CACHE_USE
    return CacheUse(
        input_tokens=sum(usage.input_tokens or 0 for usage, _ in known),
        cached_tokens=sum(usage.cached_tokens or 0 for usage, _ in known),
        saved_usd=sum_known(saved for _, saved in known),
    )


def sum_known(costs: Iterable[float | None]) -> float | None:
    """Sum the known costs; None if none is known, since unknown is not 0."""
    known = [c for c in costs if c is not None]
    return sum(known) if known else None


def attempts_made(hunts: Iterable[Hunt], came_with: int = 0) -> int:
    """Return `number_of_attempts_made`: hunts with a non-empty reply over all runs, plus the notebook's initial
    number.

    Trials do not count.
    """
    return came_with + sum(h.replied and not h.trial for h in hunts)
