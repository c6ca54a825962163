"""What requests may hold. Unknown fields are refused, so that a misspelt one is not silently ignored."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core.domain.criteria import Criterion
from core.domain.session import Visibility
from core.domain.task import PassRule


class Payload(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TaskPayload(Payload):
    """A task that was typed in."""

    prompt: str = ""
    response: str = ""
    criteria: tuple[Criterion, ...] = ()
    pass_rule: PassRule = PassRule.MAJORITY
    judge_system_prompt: str = ""
    judge_prompt_template: str = ""


class OpenPayload(Payload):
    """Exactly one of url, notebook, example, task."""

    url: str | None = None
    notebook: dict[str, Any] | None = None
    example: str | None = None
    task: TaskPayload | None = None
    name: str = ""
    visibility: Visibility = Visibility.OPEN
    require_check: bool = False


class TaskEdit(Payload):
    version: int
    prompt: str | None = None
    response: str | None = None
    criteria: tuple[Criterion, ...] | None = None
    judge_system_prompt: str | None = None
    judge_prompt_template: str | None = None
    pass_rule: PassRule | None = None


class CheckPayload(Payload):
    judge_model: str = ""


class RunPayload(Payload):
    models: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]
    hunts: Annotated[int, Field(ge=1)] = 8
    judge_model: str = ""
    override_check: bool = False


class HuntsQuery(Payload):
    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    run_id: str | None = None
    texts: bool = True


class EventsQuery(Payload):
    after: str | None = None
    limit: Annotated[int, Field(ge=1, le=5000)] = 1000
    format: str | None = None


class ExportQuery(Payload):
    hunt_ids: str | None = None
    """Hunt ids, comma-separated, in slot order."""
