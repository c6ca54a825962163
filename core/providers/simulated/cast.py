"""The cast: the built-in simulated models, each with a character, and what the settings change about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from core.errors import BadSettings
from core.providers.simulated.script import Script

JUDGE = "judge"

CHARACTERS: Mapping[str, Script] = {
    "careful": Script(target_latency_ms=900, judge_latency_ms=250, latency_spread=0.3, break_rate=0.1),
    "hasty": Script(target_latency_ms=400, judge_latency_ms=120, latency_spread=0.3, break_rate=0.5),
    "thinker": Script(
        target_latency_ms=1600, judge_latency_ms=400, latency_spread=0.4, break_rate=0.3, reasoning="field"
    ),
    "flaky": Script(
        target_latency_ms=600,
        judge_latency_ms=150,
        latency_spread=0.5,
        rate_limited=0.04,
        rate_limited_bare=0.02,
        server_error=0.03,
        overloaded=0.02,
        error_in_200=0.02,
        error_mid_stream=0.02,
        empty_reply=0.02,
        cut_stream=0.02,
        silent=0.005,
        slow=0.005,
        silent_s=30,
    ),
    JUDGE: Script(target_latency_ms=400, judge_latency_ms=200, latency_spread=0.3),
}
"""Models by their id, without `simulated/`. flaky: one call in five goes wrong, in every way there is."""

ABOUT: Mapping[str, str] = {
    "careful": "mostly holds",
    "hasty": "breaks about every second short task",
    "thinker": "slow, with a reasoning trace",
    "flaky": "one call in five fails, in every way there is",
    JUDGE: "judges by looking where a program can check the criterion",
}

STAND_IN = Script()
"""How a model of any other name answers over HTTP, where the server stands in for a real provider."""


def model_id(model: str) -> str:
    """`simulated/hasty` and `hasty` are one model; any other name stays what it is."""
    return model.removeprefix("simulated/")


@dataclass(frozen=True)
class Cast:
    """Every character, overlaid with `changes` for all models and then with those for one model."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    changes_of: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _scripts: dict[str, Script] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises ValidationError when a change does not fit."""
        names = {*CHARACTERS, *self.changes_of}
        object.__setattr__(self, "_scripts", {name: self._made(name) for name in names})
        self._scripts[""] = self._made("")

    def knows(self, model: str) -> bool:
        """Whether the model is one of ours or named in the settings."""
        return model_id(model) in self._scripts

    def script_of(self, model: str) -> Script:
        """The script of a model; of one that nobody knows: the stand-in's."""
        return self._scripts.get(model_id(model), self._scripts[""])

    def _made(self, model: str) -> Script:
        base = CHARACTERS.get(model, STAND_IN).model_dump()
        return Script.model_validate({**base, **self.changes, **self.changes_of.get(model, {})})


def read_cast(text: str) -> Cast:
    """The cast that SIMULATED_SCRIPT asks for: a JSON object with fields of Script, and `models` for single ones:
    `{"seed": 7, "models": {"judge": {"judge_broken": 0.2}}}`. Empty text: the characters as they are.

    Raises BadSettings with a sentence for everything that is wrong.
    """
    if not text.strip():
        return Cast()
    try:
        changes = json.loads(text)
    except ValueError as error:
        raise _bad(f"is not JSON ({error})") from None
    if not isinstance(changes, dict):
        raise _bad('must be a JSON object such as {"seed": 7, "break_rate": 0.5}')
    models = changes.pop("models", {})
    if not isinstance(models, dict) or not all(isinstance(row, dict) for row in models.values()):
        raise _bad('"models" must hold an object of changes for each model name')
    try:
        return Cast(changes, {model_id(name): row for name, row in models.items()})
    except ValidationError as error:
        raise _bad("; ".join(_sentence(problem) for problem in error.errors())) from error


def _bad(what: str) -> BadSettings:
    return BadSettings(
        f"SIMULATED_SCRIPT: {what}.", hint="docs/simulated.md lists what a script may say.", code="bad_script"
    )


def _sentence(problem: Any) -> str:
    place = ".".join(str(step) for step in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f'there is no "{place}"; known are {", ".join(Script.model_fields)}, models'
    words = str(problem["msg"]).removeprefix("Value error, ")
    return f"{place}: {words}" if place else words
