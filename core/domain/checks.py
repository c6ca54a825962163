"""What is checked of a task before it is hunted: that the reference response passes every criterion (reference check),
and that an edit that violates a criterion fails it and nothing else (two-sided check). And what of a judge is checked
after it: that no attack in a reply moves its verdicts (robustness report)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from core.domain.parameters import Parameters, stored_parameters
from core.domain.task import Task
from core.domain.value import Value, is_empty
from core.domain.verdict import CriterionVerdict, Verdict


class CheckStatus(StrEnum):
    NONE = "none"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"
    ERROR = "error"


class ReferenceCheck(Value):
    """The judged reference response. Stale once the task has changed."""

    status: CheckStatus = CheckStatus.NONE
    task_hash: str = ""
    judge_model: str = ""
    judge_parameters: Parameters = stored_parameters()
    verdicts: tuple[CriterionVerdict, ...] = ()
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""
    idempotency_key: str = ""
    asked: tuple[str, ...] = ()
    """IDs of the criteria to check; empty: all."""
    answers: tuple[tuple[str, Verdict], ...] = ()
    """The latest PASS or FAIL on each criterion of this task, over all of its checks."""
    flips: tuple[tuple[str, int], ...] = ()
    """How often the answer on a criterion changed for the same task; only criteria with changes."""

    def stale_for(self, task: Task) -> bool:
        return self.status is not CheckStatus.NONE and self.task_hash != task.content_hash()

    def passed_for(self, task: Task) -> bool:
        return self.status is CheckStatus.PASSED and self.task_hash == task.content_hash()


def check_status(verdicts: tuple[CriterionVerdict, ...], criteria: int) -> CheckStatus:
    """Return the status of a check. All criteria must pass. An undetermined or unchecked one leaves the check
    undetermined, unless another failed."""
    values = {v.verdict for v in verdicts}
    if len(verdicts) == criteria and values <= {Verdict.PASS}:
        return CheckStatus.PASSED if criteria else CheckStatus.UNDETERMINED
    return CheckStatus.FAILED if values & {Verdict.FAIL, Verdict.MISSING} else CheckStatus.UNDETERMINED


class ViolatingEdit(Value):
    """A minimal edit of the reference response that violates one criterion and nothing else."""

    criterion_id: str
    text: str = ""
    """The whole edited response; "" if there is no usable proposal."""
    task_hash: str = ""
    """Of the task that it was made for."""
    model: str = Field(default="", exclude_if=is_empty)
    """Who proposed it; "" if a person wrote it."""
    change: str = Field(default="", exclude_if=is_empty)
    """What the model says it changed."""
    problem: str = Field(default="", exclude_if=is_empty)
    """Why there is no usable proposal, and what to do."""
    calls: int = Field(default=0, exclude_if=is_empty)
    """HTTP calls for the proposal."""
    cost_usd: float | None = None
    """Of the proposal; None if unknown."""
    hunts_before: int = 0
    """Hunt numbers issued when it was made. Text that is older than a reply is no quote of it."""
    judged: bool = Field(default=False, exclude_if=is_empty)
    """Whether the running or latest check judges this very text."""
    verdicts: tuple[CriterionVerdict, ...] = ()

    @property
    def rough_bytes(self) -> int:
        return len(self.text) + len(self.change) + len(self.problem) + verdicts_bytes(self.verdicts)


class EditProposals(Value):
    """The latest request to a model for edits."""

    running: bool = False
    model: str = ""
    parameters: Parameters = stored_parameters()
    task_hash: str = ""
    asked: tuple[str, ...] = ()
    """IDs of the criteria that it has still to edit the reference response for."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""
    idempotency_key: str = ""


class TwoSidedCheck(Value):
    """Edits of the reference response, one per criterion, and their verdicts on all criteria."""

    status: CheckStatus = CheckStatus.NONE
    task_hash: str = ""
    """Of the judged task."""
    judge_model: str = ""
    judge_parameters: Parameters = stored_parameters()
    reference: tuple[CriterionVerdict, ...] = ()
    """The unedited reference response by the same judge, which the edits are compared with."""
    edits: tuple[ViolatingEdit, ...] = ()
    """In the order of the criteria; at most one of each."""
    proposals: EditProposals = EditProposals()
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""
    idempotency_key: str = ""

    def edit(self, criterion_id: str) -> ViolatingEdit | None:
        return next((one for one in self.edits if one.criterion_id == criterion_id), None)

    def with_edits(self, news: Mapping[str, ViolatingEdit | None], task: Task) -> TwoSidedCheck:
        """Return the check with these edits by criterion ID, None to remove one. Edits of criteria that the task no
        longer has are dropped."""
        known = {**{one.criterion_id: one for one in self.edits}, **news}
        edits = tuple(one for criterion in task.criteria if (one := known.get(criterion.id)) is not None)
        return self.model_copy(update={"edits": edits})

    def without_keys(self) -> TwoSidedCheck:
        """Return the check without idempotency keys, which belong to the session that they were sent to."""
        proposals = self.proposals.model_copy(update={"idempotency_key": ""})
        return self.model_copy(update={"idempotency_key": "", "proposals": proposals})

    @property
    def started(self) -> bool:
        """Whether a judge or a model has been asked."""
        return self.status is not CheckStatus.NONE or self.proposals.started_at is not None

    def stale_for(self, task: Task) -> bool:
        return self.status is not CheckStatus.NONE and self.task_hash != task.content_hash()

    def passed_for(self, task: Task) -> bool:
        return self.status is CheckStatus.PASSED and self.task_hash == task.content_hash()

    @property
    def rough_bytes(self) -> int:
        edits = sum(one.rough_bytes for one in self.edits)
        chosen = self.judge_parameters.rough_bytes + self.proposals.parameters.rough_bytes
        return edits + chosen + verdicts_bytes(self.reference)


NO_TWO_SIDED_CHECK = TwoSidedCheck()


def is_unused(check: TwoSidedCheck) -> bool:
    """For `exclude_if`: sessions without edits are stored as before."""
    return check == NO_TWO_SIDED_CHECK


def verdicts_bytes(verdicts: tuple[CriterionVerdict, ...]) -> int:
    return sum(len(one.reason) + len(one.evidence) + len(one.judge_text) for one in verdicts)


class ReportStatus(StrEnum):
    NONE = "none"
    RUNNING = "running"
    DONE = "done"
    ERROR = "error"


class JudgedTwin(Value):
    """A reply with an attack in it, or the unchanged reply, and its verdicts."""

    hunt_id: str
    attack: str
    """ID in the list of attacks; "" for the unchanged reply."""
    verdicts: str = ""
    """One letter per criterion of the task: P, F, U (undetermined), or - while it is not judged."""


class RobustnessReport(Value):
    """The judge's verdicts on replies with attacks in them. Stale once the task has changed."""

    status: ReportStatus = ReportStatus.NONE
    task_hash: str = ""
    judge_model: str = ""
    judge_parameters: Parameters = stored_parameters()
    attacks_version: int = 0
    twins: tuple[JudgedTwin, ...] = ()
    calls: int = 0
    """HTTP calls, including retries."""
    cost_usd: float = 0.0
    """Of the calls with a known cost."""
    unknown_costs: int = 0
    """Verdicts of unknown cost."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""
    idempotency_key: str = ""

    def stale_for(self, task: Task) -> bool:
        return self.status is not ReportStatus.NONE and self.task_hash != task.content_hash()

    @property
    def rough_bytes(self) -> int:
        return sum(len(one.hunt_id) + len(one.attack) + len(one.verdicts) for one in self.twins)


NO_ROBUSTNESS_REPORT = RobustnessReport()


def has_no_report(report: RobustnessReport) -> bool:
    """For `exclude_if`: sessions without a report are stored as before."""
    return report == NO_ROBUSTNESS_REPORT
