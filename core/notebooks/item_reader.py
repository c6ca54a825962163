"""How a public program that trains and evaluates models reads and rewards a task: NVIDIA-NeMo/Gym's inverse_if.

The form of its items, its behaviour at commit 07d6b0d in our own code, the rewards of stored verdicts, and what
training learns from them; for `core.notebooks.conformance`. Facts and where they come from: docs/notebooks.md. Nothing
here reads a notebook for Model Hunter itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from core.domain.hunt import Hunt
from core.domain.judge_template import readable_template
from core.domain.slot import Slot
from core.domain.task import PassRule
from core.domain.verdict import Outcome, Verdict, decide, score
from core.notebooks.parse import LoadedNotebook

READER = "NVIDIA-NeMo/Gym inverse_if 07d6b0d"
MAX_SCANNED_LINES = 5
"""Last lines of a judge's answer that are scanned for a verdict."""
_INNERMOST = re.compile(r"\{[^{}]*\}")
_FENCE_OPENS = re.compile(r"`{3}(?:json)?\s*(?=\{)")
_FENCE_CLOSES = re.compile(r"(?<=\})\s*`{3}")
_RESULT = re.compile(r'"result"\s*:\s*"(?:PASS|FAIL)"', re.IGNORECASE)
_INTEGER = TypeAdapter(int)


class TaskSkipped(Exception):
    """The reader fails at the task and leaves it out."""


@dataclass(frozen=True)
class SeenCriterion:
    id: str
    """As written; "" without one."""
    text: str
    id_is_text: bool = True
    """An id that is not a text fails when a verdict is stored under it."""


def read_rubric(reference: str) -> tuple[SeenCriterion, ...]:
    """The criteria in `response_reference`. Raises TaskSkipped."""
    return tuple(map(_criterion, _items(reference)))


def _items(reference: str) -> list[Any]:
    """The elements of the array that is the whole text; else the objects without inner braces that have an `id`."""
    try:
        whole = json.loads(reference)
    except ValueError:
        whole = None
    except RecursionError as error:
        raise TaskSkipped("its JSON is nested too deeply") from error
    return whole if isinstance(whole, list) else list(_objects(reference))


def _objects(text: str) -> Iterator[dict[str, Any]]:
    for found in _INNERMOST.finditer(text):
        if '"id"' not in found.group():
            continue
        try:
            one = json.loads(found.group())
        except ValueError:
            continue
        if "id" in one:
            yield one


def _criterion(item: Any) -> SeenCriterion:
    if not isinstance(item, dict):
        raise TaskSkipped(f"an element of the list is {_kind(item)}, not an object")
    named = item.get("id", "")
    text = next((str(value) for key, value in item.items() if key != "id"), "")
    return SeenCriterion(str(named), text, isinstance(named, str))


def _kind(value: object) -> str:
    return "a text" if isinstance(value, str) else "a list" if isinstance(value, list) else json.dumps(value)[:40]


def read_task_id(written: str) -> int | None:
    """The Task ID as a whole number, which it must be; None for anything else."""
    try:
        return _INTEGER.validate_python(written)
    except ValidationError:
        return None


def read_verdict(answer: str) -> bool:
    """Whether a judge's answer counts as a PASS. Every answer counts: one without a verdict is a FAIL."""
    first = next((o.group() for o in _INNERMOST.finditer(answer) if _RESULT.search(o.group())), "")
    for text in (_fenced(answer), first):
        if known := _result(text):
            return known == "PASS"
    for line in reversed(answer.strip().split("\n")[-MAX_SCANNED_LINES:]):
        for word in ("PASS", "FAIL"):
            if word in line.upper():
                return word == "PASS"
    return False


def _fenced(answer: str) -> str:
    """The first object in a fence of its own; "" without one."""
    opens = _FENCE_OPENS.search(answer)
    closes = _FENCE_CLOSES.search(answer, opens.end()) if opens else None
    return answer[opens.end() : closes.start()] if opens and closes else ""


def _result(text: str) -> str:
    """PASS or FAIL under `result` of a JSON object; "" for anything else."""
    try:
        result = json.loads(text).get("result", "")
    except (ValueError, AttributeError):
        return ""
    word = result.upper().strip() if isinstance(result, str) else ""
    return word if word in {"PASS", "FAIL"} else ""


def reward_mean(passed: Sequence[bool]) -> float:
    """The reward by default; 0 without criteria."""
    return sum(passed) / len(passed) if passed else 0.0


def reward_all(passed: Sequence[bool]) -> float:
    """The reward under `aggregation_mode: all`; 0 without criteria."""
    return float(bool(passed) and all(passed))


class ItemCriterion(TypedDict):
    id: str
    criteria: str


class InputMessage(TypedDict):
    role: str
    content: str


class ResponsesParams(TypedDict):
    input: list[InputMessage]


class TaskItem(TypedDict):
    uuid: str
    """The Task ID, or the notebook's file name."""
    task_id: int | None
    """The Task ID if it is a whole number."""
    rubric: list[ItemCriterion]
    reference_response: str
    prompt: str
    judge_prompt_template: str | None
    """A format string with every placeholder; null: the reader's own one."""
    judge_system_prompt: str | None
    responses_create_params: ResponsesParams
    """With the earlier turns of a conversation."""


def task_item(notebook: LoadedNotebook, name: str) -> TaskItem:
    task = notebook.task
    known_as = task.metadata.task_id.strip() or name.removesuffix(".ipynb")
    session = notebook.resumed.session if notebook.resumed else None
    earlier = session.history(session.turn) if session else ()
    messages: list[InputMessage] = [{"role": one.role, "content": one.content} for one in earlier]
    template = task.judge_prompt_template
    return {
        "uuid": known_as,
        "task_id": read_task_id(known_as),
        "rubric": [{"id": one.id, "criteria": one.text} for one in task.criteria],
        "reference_response": task.response,
        "prompt": task.prompt,
        "judge_prompt_template": readable_template(template, canonical=True) if template.strip() else None,
        "judge_system_prompt": task.judge_system_prompt if task.judge_system_prompt.strip() else None,
        "responses_create_params": {"input": [*messages, {"role": "user", "content": task.prompt}]},
    }


GROUP_SAMPLES = 8
"""Samples of one task that training compares with each other (`samples`), unless another number is given."""
MAX_GROUP_SAMPLES = 1024


@dataclass(frozen=True)
class SlotReward:
    """The rewards of a slot's stored verdicts; null: a verdict that it depends on is missing or undetermined."""

    slot: int
    model: str
    passed: int
    criteria: int
    reward_mean: float | None
    """By default there, over the criteria that it reads; 0 if it reads none."""
    reward_all: float | None
    """With `aggregation_mode: all`, over the criteria that it reads."""
    reward_majority: float | None
    """More than half of all criteria: no mode of that reader."""


@dataclass(frozen=True)
class Learning:
    """What a group of samples of this model's policy can learn from the task under the task's pass rule."""

    model: str
    samples: int
    """Samples per group (G)."""
    hunts: int
    held: int
    pass_rate: float
    """p: the share of decided hunts that passed."""
    variance: float
    """p(1−p), at most 0.25: 0 teaches nothing."""
    all_alike: float
    """p^G + (1−p)^G: the probability that all samples of a group have the same reward, which teaches nothing."""
    selected: bool
    """From the delivered slots only, which were selected: the rate is biased."""


def slot_rewards(
    slots: Sequence[Slot], criteria: Sequence[str], seen: Sequence[str] | None, hunts: Sequence[Hunt] = ()
) -> tuple[SlotReward, ...]:
    """`criteria`: ids of the task; `seen`: of those that the reader has, None if it rejects the task or reads another
    criterion, whose verdict nobody knows. `hunts`: with the judge's unusable answers, which are verdicts there."""
    answers = _unusable_answers(hunts)
    judged = ((slot, dict(slot.llm_judge.verdicts)) for slot in slots if slot.filled and slot.llm_judge)
    return tuple(_reward(slot, verdicts, criteria, seen, answers) for slot, verdicts in judged if verdicts)


def _reward(
    slot: Slot,
    verdicts: dict[str, Verdict],
    criteria: Sequence[str],
    seen: Sequence[str] | None,
    answers: Mapping[tuple[str, str], Verdict],
) -> SlotReward:
    all_ = [verdicts.get(one, Verdict.UNDETERMINED) for one in criteria]
    known = verdicts | {one: answers[slot.response, one] for one in criteria if (slot.response, one) in answers}
    there = None if seen is None else [known.get(one, Verdict.UNDETERMINED) for one in seen]
    majority = score(decide(all_, PassRule.MAJORITY))
    return SlotReward(
        slot=slot.number,
        model=slot.model,
        passed=sum(one is Verdict.PASS for one in all_),
        criteria=len(all_),
        reward_mean=None if there is None or Verdict.UNDETERMINED in there else reward_mean(_passes(there)),
        reward_all=None if there is None else _all(there),
        reward_majority=None if majority is None else float(majority),
    )


def _unusable_answers(hunts: Sequence[Hunt]) -> dict[tuple[str, str], Verdict]:
    """By reply and criterion: what the reader makes of the answers that Model Hunter could not use."""
    return {
        (hunt.reply.text, one.criterion_id): Verdict.PASS if read_verdict(one.judge_text) else Verdict.FAIL
        for hunt in hunts
        if hunt.reply
        for one in hunt.verdicts
        if one.verdict is Verdict.UNDETERMINED and one.judge_text and not one.error
    }


def _all(verdicts: Sequence[Verdict]) -> float | None:
    """0 as soon as one fails, whatever the undetermined ones are."""
    decided = _passes(one for one in verdicts if one is not Verdict.UNDETERMINED)
    return None if len(decided) < len(verdicts) and all(decided) else reward_all(decided)


def _passes(verdicts: Iterable[Verdict]) -> list[bool]:
    return [one is Verdict.PASS for one in verdicts]


def learning(hunts: Sequence[Hunt], slots: Sequence[Slot], samples: int) -> tuple[Learning, ...]:
    """Per model, from all decided hunts of the last turn, of adaptive runs those of the uniform share; from the slots'
    scores if there are no hunts."""
    mine = [hunt for hunt in hunts if hunt.rated and not hunt.trial]
    last = max((hunt.turn for hunt in mine), default=1)
    results = [(hunt.label or hunt.model, hunt.outcome is Outcome.HELD) for hunt in mine if hunt.turn == last]
    if results:
        return _learning(results, samples, selected=False)
    scored = [(slot.model, slot.llm_judge.score) for slot in slots if slot.filled and slot.llm_judge]
    return _learning([(model, points == 1) for model, points in scored if points in {0, 1}], samples, selected=True)


def _learning(results: Sequence[tuple[str, bool]], samples: int, *, selected: bool) -> tuple[Learning, ...]:
    by_model: dict[str, list[bool]] = {}
    for model, passed in results:
        by_model.setdefault(model, []).append(passed)
    return tuple(_of_model(model, passes, samples, selected=selected) for model, passes in by_model.items())


def _of_model(model: str, passes: Sequence[bool], samples: int, *, selected: bool) -> Learning:
    p = sum(passes) / len(passes)
    return Learning(
        model=model,
        samples=samples,
        hunts=len(passes),
        held=sum(passes),
        pass_rate=p,
        variance=p * (1 - p),
        all_alike=p**samples + (1 - p) ** samples,
        selected=selected,
    )
