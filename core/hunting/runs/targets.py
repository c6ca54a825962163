"""The targets of a new run: a model with its parameters, each with a name of its own."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from core.domain.allocation import Allocation
from core.domain.parameters import MAX_LABEL_CHARS, Parameters, Target, is_default
from core.errors import BadInput
from core.hunting.orders import TargetRequest

SHORT_NAMES = {"max_output_tokens": "max", "temperature": "t", "system_prompt": "system prompt"}
JOINERS = "\u200c\u200d"
"""Between letters of some scripts, and in emoji."""
PLAIN_NAMES = frozenset({"system_prompt", "stop", "extra_body"})
"""Parameters that a label names without their values."""


def requested_targets(entries: Sequence[str | TargetRequest], allocation: Allocation = "even") -> tuple[Target, ...]:
    """Return the targets of a run in the requested order. Those with parameters and without a label get one.

    Raises BadInput if two targets have the same label, one target has two, or an adaptive run has a single target.
    """
    targets = [_target(entry) for entry in entries]
    if allocation == "adaptive" and len({target.target for target in targets}) < 2:
        raise BadInput(
            "The allocation adaptive needs at least two models.",
            hint="Add a model, or leave out allocation.",
            code="one_target",
        )
    return _with_names(targets)


def with_default_label(target: Target) -> Target:
    """Return the target with a label that names its parameters, if it has any."""
    return target.model_copy(update={"label": target.label or default_label(target)})


def _target(entry: str | TargetRequest) -> Target:
    if isinstance(entry, str):
        return Target(model=entry)
    return Target(model=entry.model, label=_one_line(entry.label), parameters=entry.parameters)


def _one_line(label: str) -> str:
    """The label without control and direction characters: it is shown in tables, terminals and notebooks."""
    kept = (
        " " if c.isspace() else c for c in label if c.isspace() or c in JOINERS or unicodedata.category(c)[0] != "C"
    )
    return " ".join("".join(kept).split())


def _with_names(targets: Sequence[Target]) -> tuple[Target, ...]:
    given: dict[str, str] = {}
    for target in targets:
        if given.setdefault(target.target, target.label) != target.label:
            raise BadInput(
                f"{target.model} has two labels with the same parameters: "
                f"“{given[target.target]}” and “{target.label}”.",
                hint="Give it one label, or different parameters.",
                code="label_conflict",
            )
    distinct = {target.target: target for target in targets}
    names = {key: target.label or default_label(target) or target.model for key, target in distinct.items()}
    shared = {name for name, count in Counter(names.values()).items() if count > 1}
    for key, target in distinct.items():
        if names[key] in shared and target.label:
            raise BadInput(
                f"Two models of the run have the label “{target.label}”.",
                hint="Give each a label of its own.",
                code="label_conflict",
            )
        if names[key] in shared and not is_default(target.parameters):
            names[key] = f"{names[key][: MAX_LABEL_CHARS - 7]} #{key[2:7]}"
    labels = {key: "" if name == distinct[key].model else name for key, name in names.items()}
    return tuple(target.model_copy(update={"label": labels[target.target]}) for target in targets)


def default_label(target: Target) -> str:
    """Return a label that names the model and its parameters; "" without parameters."""
    if is_default(target.parameters):
        return ""
    return _one_line(f"{target.model.rpartition('/')[2]} · {', '.join(_words(target.parameters))}")[:MAX_LABEL_CHARS]


def _words(parameters: Parameters) -> list[str]:
    words = []
    for name, value in parameters.chosen.items():
        if name == "reasoning":
            words.append(_reasoning_words(value))
        elif name == "provider":
            words.append(", ".join(value.get("only") or value.get("order") or ["routing"]))
        elif name == "service_tier":
            words.append(value)
        else:
            shown = SHORT_NAMES.get(name, name.replace("_", " "))
            words.append(shown if name in PLAIN_NAMES else f"{shown} {_number(value)}")
    order = {"reasoning": 0}
    return [
        word for _, word in sorted(zip(parameters.chosen, words, strict=True), key=lambda pair: order.get(pair[0], 1))
    ]


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _reasoning_words(reasoning: dict[str, object]) -> str:
    if "effort" in reasoning:
        return "no reasoning" if reasoning["effort"] == "none" else str(reasoning["effort"])
    if "max_tokens" in reasoning:
        return f"reasoning {reasoning['max_tokens']}"
    return "reasoning" if reasoning["enabled"] else "no reasoning"
