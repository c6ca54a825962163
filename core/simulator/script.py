"""The script: who plays which role, and what the settings change about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from core.errors import BadSettings
from core.simulator.characters import CHARACTERS, STAND_IN
from core.simulator.role import FAILURE_RATES, Role


def model_id(model: str) -> str:
    """`simulated/hasty` and `hasty` are one model; any other name stays what it is."""
    return model.removeprefix("simulated/")


@dataclass(frozen=True)
class Script:
    """Every character, overlaid with `changes` for all models and then with those for one model."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    changes_of: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _roles: Mapping[str, Role] = field(init=False, repr=False, compare=False)
    _stand_in: Role = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises ValidationError when a change does not fit."""
        names = {*CHARACTERS, *self.changes_of}
        object.__setattr__(self, "_roles", {name: self._made(name) for name in names})
        object.__setattr__(self, "_stand_in", _changed(STAND_IN, self.changes))

    def knows(self, model: str) -> bool:
        """Whether the model is one of ours or named in the settings."""
        return model_id(model) in self._roles

    def role_of(self, model: str) -> Role:
        """The role of a model; of one that nobody knows: the stand-in's."""
        return self._roles.get(model_id(model), self._stand_in)

    def _made(self, model: str) -> Role:
        role = _changed(CHARACTERS.get(model, STAND_IN), self.changes)
        return _changed(role, self.changes_of.get(model, {}))


def _changed(role: Role, changes: Mapping[str, Any]) -> Role:
    """A change of one failure rate replaces all of them: what goes wrong is then what the change says, and no more."""
    kept = set(Role.model_fields) - (set(FAILURE_RATES) if set(FAILURE_RATES) & set(changes) else set())
    return Role.model_validate({**role.model_dump(include=kept), **changes})


def read_script(text: str) -> Script:
    """The script that SIMULATED_SCRIPT asks for: a JSON object with fields of Role, and `models` for single ones:
    `{"seed": 7, "models": {"judge": {"judge_broken": 0.2}}}`. Empty text: the characters as they are.

    Raises BadSettings with a sentence for everything that is wrong.
    """
    if not text.strip():
        return Script()
    try:
        changes = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad(f"is not JSON ({error})") from None
    if not isinstance(changes, dict):
        raise _bad('must be a JSON object such as {"seed": 7, "break_rate": 0.5}')
    models = changes.pop("models", {})
    if not isinstance(models, dict) or not all(isinstance(row, dict) for row in models.values()):
        raise _bad('"models" must hold an object of changes for each model name')
    try:
        return Script(changes, {model_id(name): row for name, row in models.items()})
    except ValidationError as error:
        raise _bad("; ".join(_sentence(problem) for problem in error.errors())) from error


def _bad(what: str) -> BadSettings:
    return BadSettings(
        f"SIMULATED_SCRIPT: {what}.", hint="docs/simulated.md lists what a script may say.", code="bad_script"
    )


def _sentence(problem: Any) -> str:
    place = ".".join(str(step) for step in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f'there is no "{place}"; known are {", ".join(Role.model_fields)}, models'
    words = str(problem["msg"]).removeprefix("Value error, ")
    return f"{place}: {words}" if place else words
