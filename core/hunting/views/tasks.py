"""The JSON of a task and of its reference check."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from core.domain.checks import CheckStatus, ReferenceCheck
from core.domain.criteria import Criterion
from core.domain.task import PassRule, Task, refuse_unhuntable
from core.errors import BadTask
from core.hunting.views.hunts import VerdictView, verdict_view


class TaskView(TypedDict):
    prompt: str
    response: str
    """The reference response."""
    criteria: tuple[Criterion, ...]
    pass_rule: PassRule
    judge_system_prompt: str
    judge_prompt_template: str
    metadata: dict[str, str]
    hash: str
    """Changes with everything a verdict depends on."""
    prompt_words: int
    missing_criteria: tuple[str, ...]
    """IDs of loaded criteria that have been removed since."""
    huntable: bool
    problems: list[str]
    """Reasons why it cannot be hunted yet."""


class CheckSummary(TypedDict):
    status: CheckStatus
    stale: bool
    """The task has been edited since."""


class CheckView(CheckSummary):
    task_hash: str
    """Hash of the checked task; empty before the first check."""
    judge_model: str
    judge_parameters: dict[str, Any]
    verdicts: list[VerdictView]
    flips: dict[str, int]
    """Per criterion: how often the verdict changed for the same task."""
    error: str
    started_at: datetime | None
    finished_at: datetime | None


class CheckAnswer(TypedDict):
    """The current reference check; its progress arrives as events."""

    check: CheckView


def task_view(task: Task, missing: tuple[str, ...] = ()) -> TaskView:
    problems = _problems(task, missing)
    return {
        "prompt": task.prompt,
        "response": task.response,
        "criteria": task.criteria,
        "pass_rule": task.pass_rule,
        "judge_system_prompt": task.judge_system_prompt,
        "judge_prompt_template": task.judge_prompt_template,
        "metadata": dict(task.metadata.entries),
        "hash": task.content_hash(),
        "prompt_words": len(task.prompt.split()),
        "missing_criteria": missing,
        "huntable": not problems,
        "problems": problems,
    }


def check_view(check: ReferenceCheck, task: Task) -> CheckView:
    return {
        "status": check.status,
        "stale": check.stale_for(task),
        "task_hash": check.task_hash,
        "judge_model": check.judge_model,
        "judge_parameters": check.judge_parameters.chosen,
        "verdicts": [verdict_view(v) for v in check.verdicts],
        "flips": dict(check.flips),
        "error": check.error,
        "started_at": check.started_at,
        "finished_at": check.finished_at,
    }


def _problems(task: Task, missing: tuple[str, ...]) -> list[str]:
    try:
        refuse_unhuntable(task, missing)
    except BadTask as error:
        return list(error.details.get("problems", [error.message]))
    return []
