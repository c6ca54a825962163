"""The session: the server's state for one loaded task. Hunts and the notebook's bytes are stored beside it."""

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
    """Everything at once."""
    BLIND = "blind"
    """The judge's opinion is not given out before reveal."""


UNCLEAR_RULE = "pass_rule_unclear"
"""The warning that asks which pass rule is meant; it goes as soon as the trainer chooses one."""


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
    asked: tuple[str, ...] = ()
    """Ids of the criteria that this check asks for; none: all of them."""
    answers: tuple[tuple[str, Verdict], ...] = ()
    """The last PASS or FAIL on each criterion of this task, from this check and those before it."""
    flips: tuple[tuple[str, int], ...] = ()
    """How often the answer on a criterion has changed for the same task; only criteria that did."""

    def stale_for(self, task: Task) -> bool:
        return self.status is not CheckStatus.NONE and self.task_hash != task.content_hash()

    def passed_for(self, task: Task) -> bool:
        return self.status is CheckStatus.PASSED and self.task_hash == task.content_hash()


def check_status(verdicts: tuple[CriterionVerdict, ...], criteria: int) -> CheckStatus:
    """All criteria must pass; an undetermined one, or one not asked for, leaves the check undetermined unless another
    failed."""
    values = {v.verdict for v in verdicts}
    if len(verdicts) == criteria and values <= {Verdict.PASS}:
        return CheckStatus.PASSED if criteria else CheckStatus.UNDETERMINED
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
    owner: str = ""
    """Who made it, and to whom it belongs; "" where nobody signs in. Kept here alone: no view and no export has it."""
    created_at: datetime
    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    """Whether a run needs a passed reference check (the page asks for it; plain API calls may not)."""
    judge_cut_replies: bool = False
    """Whether replies that stopped at an output limit are judged. Otherwise they are errors (`output_limit`)."""
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
    trials_issued: int = 0
    """Trials begun so far."""
    selection: Selection = Selection()
    reviews: tuple[Review, ...] = ()
    """Also of hunts that are not selected any more: they come back with the selection."""
    revealed_at: datetime | None = None
    """When the judge's verdicts were shown beside the reviews, which has locked both; None before."""
    turns: tuple[Turn, ...] = ()
    """The earlier turns of the conversation; `task` is the current one's."""
    turns_keys: tuple[str, ...] = ()
    """Idempotency keys of the requests that began turns."""
    card_secret: str = ""
    """Makes the names of the cards on the review desk. Never given out, not even in exports."""
    mark: str = ""
    """A hash of what the notebook is (its Task ID, or its content), to notice that it is open twice."""

    @property
    def sealed(self) -> bool:
        """The judge's opinion of judged hunts is not given out (decision record 0044)."""
        return self.visibility is Visibility.BLIND and self.revealed_at is None

    @property
    def turn(self) -> int:
        """The number of the current turn."""
        return len(self.turns) + 1

    @property
    def hunted(self) -> bool:
        """A run has begun: trials do not count."""
        return any(not run.trial for run in self.runs)

    @property
    def rough_bytes(self) -> int:
        """About what one change of the session writes: every run and turn has its task; slots, reviews, check."""
        tasks = (self.task, self.loaded_task, *(run.task for run in self.runs), *(turn.task for turn in self.turns))
        texts = (
            *(turn.response for turn in self.turns),
            *(review.explanation for review in self.reviews),
            *(text for slot in self.slots for text in (slot.response, slot.reasoning)),
            *(verdict.reason for verdict in self.check.verdicts),
        )
        return sum(task.rough_bytes for task in tasks) + sum(map(len, texts))

    def refuse_growth(self, more_bytes: int, max_bytes: int) -> None:
        """Raise TooLarge when so much more would make the session larger than `max_bytes`: each change of a
        session writes all of it."""
        if self.rough_bytes + more_bytes > max_bytes:
            raise TooLarge(
                f"The session's texts would have more than {max_bytes:,} bytes.",
                hint="Every run keeps a copy of its task. Open a new session, or shorten the task.",
                code="session_too_large",
            )

    def history(self, turn: int) -> tuple[Message, ...]:
        """What was said in the turns before that one."""
        return tuple(message for earlier in self.turns[: turn - 1] for message in earlier.messages)

    def review(self, hunt_id: str) -> Review | None:
        return next((r for r in self.reviews if r.hunt_id == hunt_id), None)

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
        """Ids that were loaded and are gone. The criteria of a later turn were not loaded."""
        if self.turns:
            return ()
        here = {c.id for c in self.task.criteria}
        return tuple(c.id for c in self.loaded_task.criteria if c.id not in here)
