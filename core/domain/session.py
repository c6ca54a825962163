"""The session: the server's state for one loaded task. Hunts and the notebook's bytes are stored beside it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from core.domain.criteria import Criterion
from core.domain.run import RUN_ENDED, Run
from core.domain.slot import Slot
from core.domain.task import Task
from core.domain.value import Value
from core.domain.verdict import CriterionVerdict, Verdict
from core.errors import NotFound


class Visibility(StrEnum):
    OPEN = "open"
    """Everything at once."""
    BLIND = "blind"
    """The judge's opinion is not given out before reveal."""


class TaskWarning(Value):
    """Something odd that does not stop the work: which cell, what, what to do."""

    code: str
    message: str
    cell: int | None = None
    """Index of the notebook cell, from 0; None when it concerns the whole."""


class CheckStatus(StrEnum):
    NONE = "none"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"
    ERROR = "error"


class ReferenceCheck(Value):
    """The reference response, judged like a reply. Stale as soon as the task it was made for has changed."""

    status: CheckStatus = CheckStatus.NONE
    task_hash: str = ""
    judge_model: str = ""
    verdicts: tuple[CriterionVerdict, ...] = ()
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""
    idempotency_key: str = ""

    def stale_for(self, task: Task) -> bool:
        return self.status is not CheckStatus.NONE and self.task_hash != task.content_hash()

    def passed_for(self, task: Task) -> bool:
        return self.status is CheckStatus.PASSED and self.task_hash == task.content_hash()


def check_status(verdicts: tuple[CriterionVerdict, ...]) -> CheckStatus:
    """All criteria must pass; an undetermined one leaves the check undetermined unless another failed."""
    values = {v.verdict for v in verdicts}
    if not values:
        return CheckStatus.UNDETERMINED
    if values <= {Verdict.PASS}:
        return CheckStatus.PASSED
    return CheckStatus.FAILED if values & {Verdict.FAIL, Verdict.MISSING} else CheckStatus.UNDETERMINED


class Selection(Value):
    """The hunts that are delivered, in slot order. `slots` and `least_breaks` are settings of the session."""

    hunt_ids: tuple[str, ...] = ()
    slots: int = 4
    least_breaks: int = 3


class Session(Value):
    session_id: str
    version: int = 1
    """Raised by one with every change."""
    name: str = ""
    """The notebook's file name, for people and for the download."""
    created_at: datetime
    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    """Whether a run needs a passed reference check (the page asks for it; plain API calls may not)."""
    task: Task
    loaded_task: Task
    """As it was read; criteria that have gone since are MISSING."""
    warnings: tuple[TaskWarning, ...] = ()
    proposed_criteria: tuple[Criterion, ...] = ()
    """Read by repairing broken JSON: nobody's criteria until the trainer confirms them."""
    slots: tuple[Slot, ...] = ()
    attempts_before: int = 0
    """`number_of_attempts_made` that the notebook came with."""
    check: ReferenceCheck = ReferenceCheck()
    runs: tuple[Run, ...] = ()
    hunts_issued: int = 0
    """Numbers given out so far, over all runs."""
    selection: Selection = Selection()

    def run(self, run_id: str) -> Run:
        """The run with that id; raises NotFound."""
        for run in self.runs:
            if run.run_id == run_id:
                return run
        raise NotFound(f"This session has no run {run_id}.", hint="Reload the session to see its runs.", code="no_run")

    def with_run(self, changed: Run) -> Session:
        """This session with that run replaced, or added at the end."""
        known = any(r.run_id == changed.run_id for r in self.runs)
        runs = tuple(changed if r.run_id == changed.run_id else r for r in self.runs)
        return self.model_copy(update={"runs": runs if known else (*runs, changed)})

    @property
    def active_runs(self) -> tuple[Run, ...]:
        return tuple(r for r in self.runs if r.status not in RUN_ENDED)

    @property
    def missing_criteria(self) -> tuple[str, ...]:
        """Ids that were loaded and are gone."""
        here = {c.id for c in self.task.criteria}
        return tuple(c.id for c in self.loaded_task.criteria if c.id not in here)
