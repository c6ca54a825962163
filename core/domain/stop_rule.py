"""When a run ends early: at a number of breaks, at a cost, or when its break rate is not worthwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from core.domain.value import Value, is_none
from core.statistics.intervals import confidence_sequence

MAX_STOP = 10**9
"""Upper bound of a stop rule, in breaks or dollars: never reached, and exact in every number format."""
_LIMITS = {
    "breaks": "breaks",
    "confirmed_breaks": "confirmed_breaks",
    "cost_usd": "cost",
    "futility": "futility",
}
"""The rule that each limit of a StopRule makes on its own."""
_RULES = Literal["all", "breaks", "confirmed_breaks", "cost", "futility", "any"]


class StopCounts(Protocol):
    """What a rule reads of a run's counts."""

    @property
    def broke(self) -> int: ...
    @property
    def confirmed(self) -> int: ...
    @property
    def rated_broke(self) -> int: ...
    @property
    def rated_decided(self) -> int: ...
    @property
    def cost_usd(self) -> float | None: ...


class StopRule(Value):
    """When a run ends early: when the first of its limits is reached. Without limits all hunts run."""

    rule: _RULES = "all"
    """The name of the only limit, `any` for several, `all` for none."""
    breaks: Annotated[int, Field(ge=1, le=MAX_STOP)] | None = None
    confirmed_breaks: Annotated[int, Field(ge=1, le=MAX_STOP)] | None = Field(default=None, exclude_if=is_none)
    """Breaks that the run's second opinions confirm."""
    cost_usd: Annotated[float, Field(gt=0, le=MAX_STOP, allow_inf_nan=False)] | None = None
    """Cost in US dollars, judge included."""
    futility: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = Field(default=None, exclude_if=is_none)
    """The lowest break rate that is worthwhile: the run ends when the rate is probably below it."""

    @model_validator(mode="before")
    @classmethod
    def _read_rule(cls, data: Any) -> Any:
        """Name the rule after its limits. What a release before stores as its only rule may have further limits."""
        if not isinstance(data, dict):
            return data
        data = {("breaks" if name == "or_breaks" else name): value for name, value in data.items()}
        limits = [limit for limit in _LIMITS if data.get(limit) is not None]
        if data.get("rule") in (None, _stored_rule(limits)):
            data["rule"] = _name_rule(limits)
        return data

    @model_validator(mode="after")
    def _fits(self) -> StopRule:
        if self.rule != _name_rule(list(self.limits)):
            wanted = [limit for limit, rule in _LIMITS.items() if rule == self.rule]
            raise ValueError(f"the rule {self.rule!r} takes {' and '.join(wanted) or 'no number'}")
        return self

    @model_serializer(mode="wrap")
    def _store(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Store a rule that the release before can read: it stops at the cost or the breaks, and ignores the rest."""
        stored: dict[str, Any] = write(self)
        if "rule" in stored:
            stored["rule"] = _stored_rule(list(self.limits))
        if self.breaks is not None and self.cost_usd is not None:
            stored["or_breaks"] = stored.pop("breaks")
        return stored

    @property
    def limits(self) -> dict[str, float]:
        return {limit: value for limit in _LIMITS if (value := getattr(self, limit)) is not None}

    def cost_reached(self, counts: StopCounts) -> bool:
        return self.cost_usd is not None and (counts.cost_usd or 0.0) >= self.cost_usd

    def met(self, counts: StopCounts) -> str:
        """Return why a run with these counts must start no further hunt; "" if it may."""
        if self.breaks is not None and counts.broke >= self.breaks:
            return _goal_reached(self.breaks, "break")
        if self.confirmed_breaks is not None and counts.confirmed >= self.confirmed_breaks:
            return _goal_reached(self.confirmed_breaks, "confirmed break")
        sure = confidence_sequence(counts.rated_broke, counts.rated_decided) if self.futility else None
        if sure and self.futility and sure.high < self.futility:
            rates = f"{sure.high:.1%}, below the worthwhile {self.futility:.1%}"
            return f"Stopped: the break rate is probably at most {rates}."
        if self.cost_reached(counts):
            # without the cost so far, which would reveal judge costs of a sealed session
            return f"Stopped at the run's cost limit of ${self.cost_usd:g}."
        return ""


def _goal_reached(goal: int, noun: str) -> str:
    """Without the number so far: hunts that are running then still end, and more of them may break."""
    goals = f"{goal} {noun}" if goal == 1 else f"{goal} {noun}s"
    return f"Stopped at the goal of {goals}: no further hunt was started, and those already running were finished."


def _name_rule(limits: Sequence[str]) -> str:
    return "any" if len(limits) > 1 else _LIMITS[limits[0]] if limits else "all"


def _stored_rule(limits: Sequence[str]) -> str:
    """Return the rule as the release before knows it."""
    return "cost" if "cost_usd" in limits else "breaks" if "breaks" in limits else "all"


EVERY_HUNT = StopRule()
