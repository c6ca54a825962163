"""Models with their parameters, from `--model` and `--set`, the stop rule, from `--stop`, and second opinions, from
`--confirm-judge`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from core.domain.stop_rule import StopRule
from core.errors import BadInput
from core.hunting.orders import NO_SECOND_OPINIONS, ConfirmRequest, JudgeChoice, TargetRequest
from core.hunting.parameter_problems import parameters_rejected

Setting = tuple[str, object]
"""The name, with steps (`reasoning.effort`), and the value."""


Choice = TypeVar("Choice", JudgeChoice, TargetRequest)


def target_requests(
    models: Iterable[tuple[str, Sequence[Setting]]], common: Sequence[Setting] = ()
) -> tuple[str | TargetRequest, ...]:
    """Return the entries of a run. A model's own settings replace the `common` ones of the same name.

    Raises BadInput for a name or value that no parameter has.
    """
    return tuple(_entry(model, (*common, *own)) for model, own in models)


def judge_choice(model: str, settings: Sequence[Setting]) -> JudgeChoice:
    """Return the judge with the parameters of `--judge-set`. Raises BadInput as `target_requests` does."""
    return _validated(JudgeChoice, model, settings)


def stop_rule(limits: Sequence[Setting]) -> StopRule:
    """Return the rule of `--stop`. Raises BadInput for a name or number that no limit has."""
    try:
        return StopRule.model_validate(dict(limits))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        raise BadInput(
            f"--stop {name}: {first['msg']}.",
            hint="Limits are breaks=4, confirmed_breaks=4, cost_usd=1.5 and futility=0.1.",
        ) from error


def second_opinions(
    judges: Sequence[str], policy: str | None, max_extra_calls: int | None, stop: StopRule
) -> ConfirmRequest:
    """Return what `--confirm-judge`, `--confirm` and `--max-extra-calls` ask for. Raises BadInput if they do not fit
    together, or if the stop rule needs second opinions and there are none."""
    needs = {
        "--confirm": policy not in (None, "none"),
        "--max-extra-calls": max_extra_calls is not None,
        "--stop confirmed_breaks": stop.confirmed_breaks is not None,
    }
    if lacking := [option for option, given in needs.items() if given and not judges]:
        raise BadInput(f"{lacking[0]} needs another judge.", hint="Name one: --confirm-judge provider/model.")
    if not judges:
        return NO_SECOND_OPINIONS
    limit = {} if max_extra_calls is None else {"max_extra_calls": max_extra_calls}
    named = [{"model": model} for model in judges]
    try:
        request = ConfirmRequest.model_validate({"policy": policy or "breaks", "judges": named, **limit})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = "--max-extra-calls" if first["loc"] == ("max_extra_calls",) else "--confirm-judge"
        raise BadInput(f"{option}: {first['msg'].removeprefix('Value error, ')}.") from error
    return request


def _entry(model: str, settings: Sequence[Setting]) -> str | TargetRequest:
    return _validated(TargetRequest, model, settings) if settings else model


def _validated(kind: type[Choice], model: str, settings: Sequence[Setting]) -> Choice:
    entry: dict[str, Any] = {"model": model, "parameters": {}}
    for name, value in settings:
        holder, steps = entry if name == "label" else entry["parameters"], name.split(".")
        for step in steps[:-1]:
            inner = holder.get(step)
            holder[step] = holder = inner if isinstance(inner, dict) else {}
        holder[steps[-1]] = value
    try:
        return kind.model_validate(entry)
    except ValidationError as error:
        raise parameters_rejected(model, error.errors(include_url=False)) from error
