"""The session: the server's state for one loaded task. Hunts and the notebook are stored separately."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from itertools import islice

from pydantic import Field

from core.domain.chat import Message
from core.domain.checks import (
    NO_ROBUSTNESS_REPORT,
    NO_TWO_SIDED_CHECK,
    ReferenceCheck,
    RobustnessReport,
    TwoSidedCheck,
    has_no_report,
    is_unused,
)
from core.domain.criteria import Criterion
from core.domain.review import Review
from core.domain.run import RUN_ENDED, Run
from core.domain.second_review import SecondReview
from core.domain.sharing import Comment, Transfer
from core.domain.slot import Slot
from core.domain.task import Task
from core.domain.turn import Turn
from core.domain.value import Value, is_empty, is_none
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


class Selection(Value):
    """The hunts to deliver, in slot order. `slots` and `least_breaks` are session settings."""

    hunt_ids: tuple[str, ...] = ()
    slots: int = 4
    least_breaks: int = 3


MAX_AUDIT_HELD = 100


class Audit(Value):
    """Held hunts that are drawn at random for review, because a judge's misses are among the held (0103)."""

    held: int = 0
    """How many the desk has besides the selection; a session setting."""
    seed: str = ""
    """What the draw follows from, with the hunts' IDs; "" before the first draw. Hidden while sealed."""
    drawn: tuple[str, ...] = ()
    """The hunts drawn so far, in their order, over all turns. Never shortened: the review of a hunt that was selected
    later is still one of a random hunt."""


NO_AUDIT = Audit()


def is_no_audit(audit: Audit) -> bool:
    """For `exclude_if`."""
    return audit == NO_AUDIT


class Session(Value):
    session_id: str
    version: int = 1
    """Incremented with every change."""
    name: str = ""
    """The notebook's file name, for people and for the download."""
    owner: str = ""
    """Whose session it is: who created it, or was given it; "" without sign-in. In no export."""
    transfers: tuple[Transfer, ...] = Field(default=(), exclude_if=is_empty)
    """To whom it was given, oldest first. In no export."""
    readers: tuple[str, ...] = Field(default=(), exclude_if=is_empty)
    """Earlier owners who kept access: they see everything and change nothing. In no export."""
    comments: tuple[Comment, ...] = Field(default=(), exclude_if=is_empty)
    """Oldest first. In no export."""
    created_at: datetime
    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    """Whether a run needs a passed reference check. The page sets it; API clients may not."""
    require_two_sided_check: bool = Field(default=False, exclude_if=is_empty)
    """Whether a run needs a passed two-sided check."""
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
    two_sided_check: TwoSidedCheck = Field(default=NO_TWO_SIDED_CHECK, exclude_if=is_unused)
    robustness: RobustnessReport = Field(default=NO_ROBUSTNESS_REPORT, exclude_if=has_no_report)
    runs: tuple[Run, ...] = ()
    hunts_issued: int = 0
    """Hunt numbers issued so far, over all runs."""
    trials_issued: int = 0
    """Trials started so far."""
    selection: Selection = Selection()
    reviews: tuple[Review, ...] = ()
    """Includes reviews of hunts that are no longer selected, in case they are selected again."""
    second_review: SecondReview | None = Field(default=None, exclude_if=is_none)
    """Another person's independent review of the hunts on the desk."""
    audit: Audit = Field(default=NO_AUDIT, exclude_if=is_no_audit)
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
        """Approximate bytes that one change of the session writes: runs and turns with their tasks and parameters,
        slots, reviews, checks."""
        tasks = (self.task, self.loaded_task, *(run.task for run in self.runs), *(turn.task for turn in self.turns))
        parameters = [
            self.check.judge_parameters,
            *(run.judge_parameters for run in self.runs),
            *(target.parameters for run in self.runs for target in run.targets),
            *(judge.parameters for run in self.runs for judge in run.confirm.judges),
        ]
        texts = (
            *(turn.response for turn in self.turns),
            *(review.explanation for review in self.reviews),
            *(criterion.text for criterion in self.proposed_criteria),
            *(comment.text for comment in self.comments),
            *(transfer.note for transfer in self.transfers),
            *(text for slot in self.slots for text in (slot.response, slot.reasoning)),
            *(verdict.reason for verdict in self.check.verdicts),
        )
        chosen = sum(one.rough_bytes for one in parameters)
        if self.second_review is not None:
            texts += tuple(review.explanation for review in self.second_review.reviews)
            texts += tuple(one.note for one in self.second_review.settled)
        checked = self.two_sided_check.rough_bytes + self.robustness.rough_bytes
        return sum(task.rough_bytes for task in tasks) + chosen + checked + sum(map(len, texts))

    def refuse_growth(self, more_bytes: int, max_bytes: int) -> None:
        """Raise TooLarge if `more_bytes` would make the session larger than `max_bytes`. Each change writes the whole
        session."""
        if self.rough_bytes + more_bytes > max_bytes:
            raise _too_large(max_bytes)

    def grown(self, after: Session, max_bytes: int) -> Session:
        """Return `after`, a change of this session's texts. Raises TooLarge if it is larger than `max_bytes` and than
        before: what is too large already can be shortened."""
        size = after.rough_bytes
        if size > max_bytes and size > self.rough_bytes:
            raise _too_large(max_bytes)
        return after

    def history(self, turn: int) -> tuple[Message, ...]:
        """Return the messages of the turns before `turn`."""
        return tuple(message for earlier in self.turns[: turn - 1] for message in earlier.messages)

    @property
    def audited_ids(self) -> tuple[str, ...]:
        """IDs of the drawn hunts on the desk: of this turn, besides the selected ones. None without a selection, or the
        desk would have them alone."""
        if not self.selection.hunt_ids:
            return ()
        here = {run.run_id for run in self.runs if run.turn == self.turn}
        chosen = set(self.selection.hunt_ids)
        drawn = (i for i in self.audit.drawn if i not in chosen and i.rpartition(".")[0] in here)
        return tuple(islice(drawn, self.audit.held))

    @property
    def desk_ids(self) -> tuple[str, ...]:
        """IDs of the hunts to review: the selection, then the drawn ones."""
        return (*self.selection.hunt_ids, *self.audited_ids)

    def review(self, hunt_id: str) -> Review | None:
        return next((r for r in self.reviews if r.hunt_id == hunt_id), None)

    @property
    def both_reviewed(self) -> bool:
        """Whether both reviewers are done: the first one with the reveal. Until then neither sees the other's."""
        second = self.second_review
        return second is not None and second.done_at is not None and self.revealed_at is not None

    @property
    def waits_for_second_review(self) -> bool:
        """Whether a second review was asked for and is not done."""
        return self.second_review is not None and self.second_review.done_at is None

    def final_review(self, hunt_id: str) -> Review | None:
        """Return the review that counts: the first reviewer's, with the verdicts that two people settled."""
        review = self.review(hunt_id)
        if review is None or self.second_review is None or not self.both_reviewed:
            return review
        settled = self.second_review.settled_verdicts(hunt_id)
        verdicts = tuple((criterion, settled.get(criterion, verdict)) for criterion, verdict in review.verdicts)
        return review if verdicts == review.verdicts else review.model_copy(update={"verdicts": verdicts})

    def settled_criteria(self, hunt_id: str) -> tuple[str, ...]:
        """Return the criteria of which two people settled the verdict on a hunt."""
        if self.second_review is None or not self.both_reviewed:
            return ()
        return tuple(sorted(self.second_review.settled_verdicts(hunt_id)))

    @property
    def former_owners(self) -> frozenset[str]:
        """Everybody who has seen the session before its owner did."""
        return frozenset(one.before for one in self.transfers) | frozenset(self.readers)

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


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(
        f"The session's texts would have more than {max_bytes:,} bytes.",
        hint="Every run keeps a copy of its task. Open a new session, or shorten the task.",
        code="session_too_large",
    )
