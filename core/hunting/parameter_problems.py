"""Rejected parameters of a model, in the words of the command line and the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.domain.run import MAX_MODEL_CHARS
from core.errors import BadInput

PARAMETERS = "parameters"
Place = Sequence[int | str]
"""Where a validation problem is: the names and numbers that lead to it."""


def parameters_rejected(model: str, problems: Iterable[Mapping[str, Any]], details: Any = None) -> BadInput:
    """`problems`: pydantic's, about one model. An empty `model` is the default judge's."""
    said = "; ".join(_sentence(problem) for problem in problems)
    who = model[:MAX_MODEL_CHARS] or "The judge"
    return BadInput(
        f"{who} cannot be called with these parameters: {said}.",
        hint="docs/providers.md lists the parameters and their ranges.",
        details=details or {},
    )


def holder_of(place: Place) -> Place | None:
    """The place of the model whose parameters the problem is about; None for other problems."""
    return place[: place.index(PARAMETERS)] if PARAMETERS in place[:-1] else None


def without_consequences(problems: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without the lists that are too short only because an item of theirs is wrong."""
    places = [tuple(problem["loc"]) for problem in problems]
    wrong = {place[:length] for place in places for length in range(len(place))}
    return [p for p in problems if not (p["type"] == "too_short" and tuple(p["loc"]) in wrong)]


def _sentence(problem: Mapping[str, Any]) -> str:
    place = tuple(problem["loc"])
    start = place.index(PARAMETERS) + 1 if PARAMETERS in place else 0
    name = ".".join(str(step) for step in place[start:])
    return f"{name}: {_words(problem)}" if name else _words(problem)


def _words(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "extra_forbidden":
        return "there is no such parameter"
    return str(problem["msg"]).removeprefix("Value error, ").removesuffix(".")
