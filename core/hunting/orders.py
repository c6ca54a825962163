"""Request values that the API and the command line pass to the workbench."""

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
"""Maximum models per run."""


class OpenOrder(Value):
    """Options for opening a session."""

    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    judge_cut_replies: bool = False
    idempotency_key: str = ""
    owner: str = ""
    """The signed-in user; "" without sign-in."""


class EditOrder(Value):
    """Changes to the task; None leaves a field unchanged. `version` is the session version that was edited."""

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
    """Criteria to judge; empty: all."""
    idempotency_key: str = ""


class RunOrder(Value):
    """A run over models, or (`retry_errors_of`) one hunt for each error hunt of an earlier run."""

    models: Annotated[tuple[str, ...], Field(max_length=MOST_MODELS)] = ()
    hunts: Annotated[int, Field(ge=1)] = 8
    retry_errors_of: str = ""
    stop: StopRule = StopRule()
    trial: bool = False
    """A trial: a single hunt that is counted separately."""
    judge_model: str = ""
    """"" for the default judge."""
    override_check: bool = False
    """Start although the reference check has not passed; recorded in the run."""
    idempotency_key: str = ""


class RejudgeOrder(Value):
    criterion_ids: tuple[str, ...] = ()
    """Criteria to judge again; empty: all."""
    judge_model: str = ""
    """"" for the previous judge."""
    idempotency_key: str = ""


class SettingsOrder(Value):
    """Changes to session settings; None leaves a setting unchanged."""

    version: int
    visibility: Visibility | None = None
    require_check: bool | None = None
    judge_cut_replies: bool | None = None
    slots: int | None = None
    least_breaks: int | None = None


class ReviewOrder(Value):
    """A complete review. Missing fields clear the stored ones."""

    verdicts: tuple[tuple[str, Verdict], ...] = ()
    explanation: str = ""
    based_on: str | None = None
    """`saved_at` of the review that was edited, "" if there was none; None overwrites any stored review."""


class TurnOrder(Value):
    """The next turn of a conversation: a held hunt's reply joins the history, followed by a new prompt."""

    hunt_id: str
    prompt: str
    response: str
    criteria: tuple[Criterion, ...]
    idempotency_key: str = ""
