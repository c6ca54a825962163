"""What people ask for: the orders that the doors (API, command line) hand to the workbench."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.domain.criteria import Criterion
from core.domain.session import Visibility
from core.domain.task import PassRule
from core.domain.value import Value

MOST_MODELS = 20
"""Of one run."""


class OpenOrder(Value):
    """How a session is opened, whatever its task comes from."""

    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    idempotency_key: str = ""


class EditOrder(Value):
    """Changes to the task; None leaves a field as it is. `version` is the session's that was edited."""

    version: int
    prompt: str | None = None
    response: str | None = None
    criteria: tuple[Criterion, ...] | None = None
    judge_system_prompt: str | None = None
    judge_prompt_template: str | None = None
    pass_rule: PassRule | None = None


class RunOrder(Value):
    models: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_MODELS)]
    hunts: Annotated[int, Field(ge=1)] = 8
    judge_model: str = ""
    """"" for the default judge."""
    override_check: bool = False
    """Start although the reference check has not passed; recorded in the run."""
    idempotency_key: str = ""
