"""What people ask for: the orders that the doors (API, command line) hand to the workbench."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.domain.criteria import Criterion
from core.domain.run import StopRule
from core.domain.session import Visibility
from core.domain.task import PassRule
from core.domain.value import Value
from core.domain.verdict import Verdict

MOST_MODELS = 20
"""Of one run."""


class OpenOrder(Value):
    """How a session is opened, whatever its task comes from."""

    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    judge_cut_replies: bool = False
    idempotency_key: str = ""
    owner: str = ""
    """Who opens it; "" where nobody signs in."""


class EditOrder(Value):
    """Changes to the task; None leaves a field as it is. `version` is the session's that was edited."""

    version: int
    prompt: str | None = None
    response: str | None = None
    criteria: tuple[Criterion, ...] | None = None
    judge_system_prompt: str | None = None
    judge_prompt_template: str | None = None
    pass_rule: PassRule | None = None


class CheckOrder(Value):
    judge_model: str = ""
    """"" for the default judge."""
    criterion_ids: tuple[str, ...] = ()
    """Only these are asked for; none: all."""
    idempotency_key: str = ""


class RunOrder(Value):
    """A run over models, or (`retry_errors_of`) one hunt for each hunt of an earlier run that ended as an error."""

    models: Annotated[tuple[str, ...], Field(max_length=MOST_MODELS)] = ()
    hunts: Annotated[int, Field(ge=1)] = 8
    retry_errors_of: str = ""
    stop: StopRule = StopRule()
    trial: bool = False
    """A calibration hunt: one, not counted among the others."""
    judge_model: str = ""
    """"" for the default judge."""
    override_check: bool = False
    """Start although the reference check has not passed; recorded in the run."""
    idempotency_key: str = ""


class RejudgeOrder(Value):
    criterion_ids: tuple[str, ...] = ()
    """Only these are asked for again; none: all."""
    judge_model: str = ""
    """"" for the judge who judged it before."""
    idempotency_key: str = ""


class SettingsOrder(Value):
    """Changes to a session's settings; None leaves one as it is."""

    version: int
    visibility: Visibility | None = None
    require_check: bool | None = None
    judge_cut_replies: bool | None = None
    slots: int | None = None
    least_breaks: int | None = None


class ReviewOrder(Value):
    """A review as it stands on the desk, whole: what is left out is not said."""

    verdicts: tuple[tuple[str, Verdict], ...] = ()
    explanation: str = ""
    based_on: str | None = None
    """`saved_at` of the review that was edited, "" for none; None: over whatever is there."""


class TurnOrder(Value):
    """How the conversation goes on: a held hunt's reply becomes history, and this is asked next."""

    hunt_id: str
    prompt: str
    response: str
    criteria: tuple[Criterion, ...]
    idempotency_key: str = ""
