"""The task: prompt, reference response, criteria, judge prompts, pass rule."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from core.domain.criteria import Criterion, refuse_duplicate_ids
from core.domain.value import Value
from core.errors import BadTask, TooLarge

MIN_CRITERIA = 3


class PassRule(StrEnum):
    MAJORITY = "majority"
    """The reply passes if more than half of its criteria pass; exactly half is a break."""
    ALL = "all"
    """Every criterion must pass."""


class Metadata(Value):
    """The notebook's `# Metadata` cell: keys and values as written, in order. Known keys have properties."""

    entries: tuple[tuple[str, str], ...] = ()

    def get(self, key: str) -> str:
        """Return the value of `key`, case-insensitively; "" if missing."""
        return next((v for k, v in self.entries if k.casefold() == key.casefold()), "")

    @property
    def task_id(self) -> str:
        return self.get("Task ID")

    @property
    def domain(self) -> str:
        return self.get("Domain")

    @property
    def taxonomy(self) -> str:
        return self.get("L1 Taxonomy")

    @property
    def prompt_length(self) -> str:
        """The required prompt length as written: `20 - 50 words`, `Above 500 words`."""
        return self.get("User Prompt Length")


class Task(Value):
    prompt: str = ""
    response: str = ""
    """The reference response: the trainer's own correct answer."""
    criteria: tuple[Criterion, ...] = ()
    pass_rule: PassRule = PassRule.MAJORITY
    judge_system_prompt: str = ""
    """The notebook's, or "" for the built-in one."""
    judge_prompt_template: str = ""
    """The notebook's, with its placeholders, or "" for the built-in one."""
    metadata: Metadata = Metadata()

    @property
    def rough_bytes(self) -> int:
        """Approximate size in memory and as JSON, for limits."""
        texts = (self.prompt, self.response, self.judge_system_prompt, self.judge_prompt_template)
        return sum(map(len, texts)) + sum(40 + len(c.text) for c in self.criteria)

    def content_hash(self) -> str:
        """Hash everything that a verdict depends on; excludes metadata."""
        judged = self.model_dump_json(exclude={"metadata"})
        return hashlib.sha256(judged.encode()).hexdigest()[:16]


def refuse_large_task(task: Task, max_bytes: int) -> None:
    """Raise TooLarge if the task's texts exceed MAX_TASK_BYTES, since every response includes them."""
    if task.rough_bytes > max_bytes:
        raise TooLarge(
            f"The task has about {task.rough_bytes:,} bytes; at most {max_bytes:,} are allowed (MAX_TASK_BYTES).",
            hint="Shorten the prompt, the response or the judge prompts. An operator can raise MAX_TASK_BYTES.",
            code="task_too_large",
            details={"max_bytes": max_bytes},
        )


def refuse_unhuntable(task: Task, missing: tuple[str, ...] = ()) -> None:
    """Raise BadTask listing all problems: no prompt, no response, fewer than 3 criteria, duplicate IDs, missing
    criteria."""
    refuse_duplicate_ids(task.criteria)
    wrong = []
    if not task.prompt.strip():
        wrong.append("the prompt is empty")
    if not task.response.strip():
        wrong.append("the reference response is empty")
    if len(task.criteria) < MIN_CRITERIA:
        wrong.append(f"there are {len(task.criteria)} criteria and at least {MIN_CRITERIA} are needed")
    if missing:
        wrong.append(f"criteria were removed since the notebook was loaded: {', '.join(missing)}")
    if wrong:
        raise BadTask(
            f"This task is not ready: {'; '.join(wrong)}.",
            hint="Complete the task, then start again.",
            code="task_incomplete",
            details={"problems": wrong},
        )
