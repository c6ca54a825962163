"""Second opinions on a hunt: which verdicts another judge is asked about, and what its answers make of the outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.domain.parameters import Parameters, Target, stored_parameters
from core.domain.task import PassRule
from core.domain.value import Value, is_empty
from core.domain.verdict import DECIDED, CriterionVerdict, Outcome, Verdict, decide

MAX_CONFIRM_JUDGES = 4
MAX_OPINIONS = 12
"""Of one judging of a reply, repeated ones included."""
MAX_EXTRA_CALLS = 100_000
EXTRA_CALLS = 200
"""Default cap on the judge calls that second opinions add."""
Policy = Literal["none", "breaks", "pivotal", "all"]
"""Asked again: nothing; the FAILs of breaks; also the PASSes of held replies; every verdict of a decided hunt. Of the
FAILs and PASSes only those that could change the outcome."""


class Confirmation(StrEnum):
    UNCONFIRMED = "unconfirmed"
    """Only one judge has decided."""
    CONFIRMED = "confirmed"
    """With the answers of every other judge that was asked, the outcome is the same."""
    CONTESTED = "contested"
    """With the answers of another judge, the outcome is the opposite."""
    REFUTED = "refuted"
    """A person's review says that the reply held."""


class ConfirmPolicy(Value):
    """Which second opinions a run asks for."""

    policy: Policy = "none"
    judges: Annotated[tuple[Target, ...], Field(max_length=MAX_CONFIRM_JUDGES)] = ()
    """Each is asked. Confirmed is what all of them confirm."""
    max_extra_calls: Annotated[int, Field(ge=1, le=MAX_EXTRA_CALLS)] = EXTRA_CALLS
    """Replies beyond this number of calls stay unconfirmed."""

    @model_validator(mode="after")
    def _fits(self) -> ConfirmPolicy:
        if self.policy != "none" and not self.judges:
            raise ValueError(f"the policy {self.policy!r} takes at least one judge")
        if self.policy == "none" and self.judges:
            raise ValueError("the policy 'none' takes no judges; choose 'breaks', 'pivotal' or 'all'")
        if len({judge.target for judge in self.judges}) < len(self.judges):
            raise ValueError("a confirming judge is named twice with the same parameters")
        return self

    @property
    def asks(self) -> bool:
        return self.policy != "none"

    @property
    def rough_bytes(self) -> int:
        return sum(judge.parameters.rough_bytes for judge in self.judges)


NO_CONFIRM = ConfirmPolicy()


def is_no_policy(policy: ConfirmPolicy) -> bool:
    """For `exclude_if`."""
    return not policy.asks


class SecondOpinion(Value):
    """The answers of another judge about the verdicts in question of one reply."""

    judge_model: str
    judge_parameters: Parameters = stored_parameters()
    asked_at: datetime
    asked: tuple[str, ...] = ()
    """IDs of the criteria in question."""
    prompt_hash: str = ""
    verdicts: tuple[CriterionVerdict, ...] = ()
    """Known votes, in the order of `asked`."""
    outcome: Outcome | None = None
    """With these votes in place of the first judge's verdicts; None until all are known and published."""
    key: str = Field(default="", exclude_if=is_empty)
    """Idempotency key of the request."""

    @property
    def target(self) -> str:
        return self.judge.target

    @property
    def judge(self) -> Target:
        return Target(model=self.judge_model, parameters=self.judge_parameters)

    @property
    def missing(self) -> tuple[str, ...]:
        """IDs of the criteria without a vote."""
        known = {verdict.criterion_id for verdict in self.verdicts}
        return tuple(criterion for criterion in self.asked if criterion not in known)

    @property
    def steps(self) -> int:
        """Grows with every change."""
        return 1 + len(self.verdicts) + (self.outcome is not None)

    def outcome_for(self, first: Iterable[CriterionVerdict], rule: PassRule) -> Outcome:
        """Return the outcome with these votes in place of the first judge's verdicts."""
        votes = {vote.criterion_id: vote.verdict for vote in self.verdicts}
        return decide((votes.get(v.criterion_id, v.verdict) for v in first), rule)


def pivotal(verdicts: Mapping[str, Verdict], rule: PassRule) -> tuple[str, ...]:
    """Return the criteria whose verdicts could be the reason for the outcome: the FAILs of a break and the PASSes of a
    held reply, if the outcome would not stand with the opposite of some of them. Empty if the outcome is undecided, or
    stands whatever they are.

    One more opposite verdict never brings an outcome back, and all verdicts count alike. So if any of them matters,
    alone or with others, each of them does.
    """
    outcome = decide(verdicts.values(), rule)
    if outcome not in DECIDED:
        return ()
    doubted, opposite = (Verdict.FAIL, Verdict.PASS) if outcome is Outcome.BROKE else (Verdict.PASS, Verdict.FAIL)
    turned = (opposite if verdict is doubted else verdict for verdict in verdicts.values())
    if decide(turned, rule) is outcome:
        return ()
    return tuple(criterion for criterion, verdict in verdicts.items() if verdict is doubted)


def in_question(policy: Policy, verdicts: Sequence[CriterionVerdict], rule: PassRule) -> tuple[str, ...] | None:
    """Return the criteria that other judges are asked about; None if the policy asks nothing about such a hunt."""
    given = {verdict.criterion_id: verdict.verdict for verdict in verdicts}
    outcome = decide(given.values(), rule)
    if policy == "none" or outcome not in DECIDED or (policy == "breaks" and outcome is not Outcome.BROKE):
        return None
    if policy == "all":
        return tuple(criterion for criterion, verdict in given.items() if verdict is not Verdict.MISSING)
    return pivotal(given, rule)


def confirmation(outcome: Outcome | None, opinions: Iterable[SecondOpinion]) -> Confirmation:
    """Return what the newest opinion of each judge makes of a hunt's outcome. Unanimous: a majority of judges buys
    much less."""
    found = [opinion.outcome for opinion in {opinion.target: opinion for opinion in opinions}.values()]
    if not found or None in found or outcome not in DECIDED:
        return Confirmation.UNCONFIRMED
    if any(other in DECIDED and other is not outcome for other in found):
        return Confirmation.CONTESTED
    return Confirmation.CONFIRMED if all(other is outcome for other in found) else Confirmation.UNCONFIRMED
