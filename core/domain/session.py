"""The session: the server's state for one loaded task. Hunts and the notebook are stored separately."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from core.domain.chat import Message
from core.domain.criteria import Criterion
from core.domain.review import Review
from core.domain.run import RUN_ENDED, Run
from core.domain.slot import Slot
from core.domain.task import Task
from core.domain.turn import Turn
from core.domain.value import Value
from core.domain.verdict import CriterionVerdict, Verdict
from core.errors import NotFound, TooLarge


class Visibility(StrEnum):
    OPEN = "open"
    """Verdicts are shown at once."""
    BLIND = "blind"
    """Verdicts are hidden until reveal."""


UNCLEAR_RULE = "pass_rule_unclear"
"""Warning code: the pass rule is ambiguous. Removed when the trainer chooses a rule."""


class TaskWarning(Value):
    """A problem that does not stop the work: where it is, and what to do."""

    code: str
    message: str
    cell: int | None = None
    """Index of the notebook's cell, from 0; null if it concerns the whole notebook."""


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


class Selection(Value):
    """The hunts to deliver, in slot order. `slots` and `least_breaks` are session settings."""

    hunt_ids: tuple[str, ...] = ()
    slots: int = 4
    least_breaks: int = 3


class Session(Value):
    session_id: str
    version: int = 1
    """Incremented with every change."""
    name: str = ""
    """The notebook's file name, for people and for the download."""
    owner: str = ""
    """The user who created and owns it; "" without sign-in. In no view and no export."""
    created_at: datetime
    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    """Whether a run needs a passed reference check. The page sets it; API clients may not."""
    judge_cut_replies: bool = False
    """Whether cut-off replies are judged. Otherwise they are errors (`output_limit`)."""
    task: Task
    loaded_task: Task
    """The task as loaded. Criteria removed since are MISSING."""
    warnings: tuple[TaskWarning, ...] = ()
    proposed_criteria: tuple[Criterion, ...] = ()
    """Criteria recovered from broken JSON, unused until the trainer confirms them."""
    slots: tuple[Slot, ...] = ()
    attempts_before: int = 0
    """The notebook's initial `number_of_attempts_made`."""
    check: ReferenceCheck = ReferenceCheck()
    runs: tuple[Run, ...] = ()
    hunts_issued: int = 0
    """Hunt numbers issued so far, over all runs."""
    trials_issued: int = 0
    """Trials started so far."""
    selection: Selection = Selection()
    reviews: tuple[Review, ...] = ()
    """Includes reviews of hunts that are no longer selected, in case they are selected again."""
    revealed_at: datetime | None = None
    """Time of the reveal, which locks selection and reviews; None before."""
    turns: tuple[Turn, ...] = ()
    """Earlier turns of the conversation; `task` is the current turn's."""
    turns_keys: tuple[str, ...] = ()
    """Idempotency keys of the requests that started turns."""
    card_secret: str = ""
    """Key for the card IDs of the review desk. Never disclosed, not even in exports."""
    mark: str = ""
    """Hash of the notebook's task ID or content, to detect that it is open twice."""

    @property
    def sealed(self) -> bool:
        """Whether verdicts are hidden (decision record 0044)."""
        return self.visibility is Visibility.BLIND and self.revealed_at is None

    @property
    def turn(self) -> int:
        """Number of the current turn."""
        return len(self.turns) + 1

    @property
    def hunted(self) -> bool:
        """Whether a run has started; trials do not count."""
        return any(not run.trial for run in self.runs)

    @property
    def rough_bytes(self) -> int:
        """Approximate bytes that one change of the session writes: runs and turns with their tasks, slots, reviews,
        check."""
        tasks = (self.task, self.loaded_task, *(run.task for run in self.runs), *(turn.task for turn in self.turns))
        texts = (
            *(turn.response for turn in self.turns),
            *(review.explanation for review in self.reviews),
            *(text for slot in self.slots for text in (slot.response, slot.reasoning)),
            *(verdict.reason for verdict in self.check.verdicts),
        )
        return sum(task.rough_bytes for task in tasks) + sum(map(len, texts))

    def refuse_growth(self, more_bytes: int, max_bytes: int) -> None:
        """Raise TooLarge if `more_bytes` would make the session larger than `max_bytes`. Each change writes the whole
        session."""
        if self.rough_bytes + more_bytes > max_bytes:
            raise TooLarge(
                f"The session's texts would have more than {max_bytes:,} bytes.",
                hint="Every run keeps a copy of its task. Open a new session, or shorten the task.",
                code="session_too_large",
            )

    def history(self, turn: int) -> tuple[Message, ...]:
        """Return the messages of the turns before `turn`."""
        return tuple(message for earlier in self.turns[: turn - 1] for message in earlier.messages)

    def review(self, hunt_id: str) -> Review | None:
        return next((r for r in self.reviews if r.hunt_id == hunt_id), None)

    def run(self, run_id: str) -> Run:
        """Return the run with that ID. Raises NotFound."""
        for run in self.runs:
            if run.run_id == run_id:
                return run
        raise NotFound(f"This session has no run {run_id}.", hint="Reload the session to see its runs.", code="no_run")

    def with_run(self, changed: Run) -> Session:
        """Return the session with that run replaced, or appended."""
        known = any(r.run_id == changed.run_id for r in self.runs)
        runs = tuple(changed if r.run_id == changed.run_id else r for r in self.runs)
        return self.model_copy(update={"runs": runs if known else (*runs, changed)})

    @property
    def active_runs(self) -> tuple[Run, ...]:
        return tuple(r for r in self.runs if r.status not in RUN_ENDED)

    @property
    def missing_criteria(self) -> tuple[str, ...]:
        """IDs of loaded criteria that were removed. Empty in later turns, whose criteria were not loaded."""
        if self.turns:
            return ()
        here = {c.id for c in self.task.criteria}
        return tuple(c.id for c in self.loaded_task.criteria if c.id not in here)
