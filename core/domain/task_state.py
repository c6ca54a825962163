"""The state of a task, for lists: how far its trainer is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from core.domain.checks import CheckStatus, ReportStatus
from core.domain.session import Session


class TaskState(StrEnum):
    DRAFT = "draft"
    CHECKED = "checked"
    """The reference response passes, and no run has started."""
    HUNTING = "hunting"
    TO_REVIEW = "to_review"
    """Hunts are selected, and their reviews are not revealed."""
    REVEALED = "revealed"
    DELIVERED = "delivered"
    """Exported since the reveal. The session does not know that; the library does."""


ListedState = TaskState | Literal["unknown"]
"""A state as lists show it; "unknown": another release wrote one that this one does not know."""
UNKNOWN: Literal["unknown"] = "unknown"


def listed_state(stored: str) -> ListedState:
    return TaskState(stored) if stored in set(TaskState) else UNKNOWN


NEXT_STEPS: Mapping[TaskState, str] = {
    TaskState.DRAFT: "check the reference response",
    TaskState.CHECKED: "start hunting",
    TaskState.HUNTING: "select replies",
    TaskState.TO_REVIEW: "review the selection",
    TaskState.REVEALED: "export the notebook",
}
"""What a task in that state waits for."""


class Waiting(StrEnum):
    """What of a task waits for a person."""

    REVIEW = "review"
    """They were asked for a second review."""
    REVIEWED = "reviewed"
    """Their second review is done, and the first one is not: nothing to do."""
    REVEAL = "reveal"
    """The second review of their task is done, and theirs is not."""
    SETTLE = "settle"
    """Two reviews differ."""
    GIVEN = "given"
    """The task was given to them."""


BLIND_REVIEWS = (Waiting.REVIEW, Waiting.REVIEWED)
"""Of a task that this person must not see at the moment."""
WAITING_STEPS: Mapping[Waiting, str] = {
    Waiting.GIVEN: "accept the task",
    Waiting.REVIEW: "write the second review",
    Waiting.REVEAL: "finish the review and reveal",
    Waiting.SETTLE: "settle the differences",
}
"""What is to be done, by whom it waits for."""
TO_DO = tuple(WAITING_STEPS)


def task_state(session: Session) -> TaskState:
    """Return the state of a session's current turn, without DELIVERED."""
    if session.revealed_at is not None:
        return TaskState.REVEALED
    if session.selection.hunt_ids:
        return TaskState.TO_REVIEW
    if session.hunted:
        return TaskState.HUNTING
    return TaskState.CHECKED if session.check.passed_for(session.task) else TaskState.DRAFT


def has_open_work(session: Session) -> bool:
    """Whether a run, a check or a report of the session is unfinished. Work on single hunts is known only to them."""
    checks = session.two_sided_check
    return (
        bool(session.active_runs)
        or session.check.status is CheckStatus.RUNNING
        or checks.status is CheckStatus.RUNNING
        or checks.proposals.running
        or session.robustness.status is ReportStatus.RUNNING
    )
