"""A criterion: one yes/no requirement with an ID (`C1`, `C2`, …; gaps are allowed, IDs are case-insensitive)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import field_validator

from core.domain.value import Value
from core.errors import BadTask

CRITERION_ID = re.compile(r"C[1-9][0-9]{0,3}")


class Criterion(Value):
    id: str
    text: str

    @field_validator("id")
    @classmethod
    def _upper(cls, value: str) -> str:
        upper = value.strip().upper()
        if not CRITERION_ID.fullmatch(upper):
            raise ValueError(f"{value!r} is not a criterion id; write C1, C2, …")
        return upper

    @field_validator("text")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("a criterion needs a text")
        return value


def refuse_duplicate_ids(criteria: Sequence[Criterion]) -> None:
    """Raise BadTask listing the IDs that occur twice."""
    seen: set[str] = set()
    twice = sorted({c.id for c in criteria if c.id in seen or seen.add(c.id)})  # type: ignore[func-returns-value]
    if twice:
        raise BadTask(
            f"Duplicate criterion ID: {', '.join(twice)}.",
            hint="Give every criterion its own ID.",
            code="duplicate_criterion",
            details={"ids": twice},
        )


def refuse_too_many_criteria(count: int, max_criteria: int | None) -> None:
    """Raise BadTask if a task has more criteria than MAX_CRITERIA; None: no limit."""
    if max_criteria is None or count <= max_criteria:
        return
    raise BadTask(
        f"The task has {count:,} criteria; at most {max_criteria:,} are allowed (MAX_CRITERIA).",
        hint="Merge or remove criteria, or split the task into several. An operator can raise MAX_CRITERIA.",
        code="too_many_criteria",
        details={"criteria": count, "max_criteria": max_criteria},
    )
