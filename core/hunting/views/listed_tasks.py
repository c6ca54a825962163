"""The JSON of tasks in lists, as the library has them."""

from __future__ import annotations

from datetime import UTC, datetime

from typing_extensions import TypedDict

from core.domain.run import COST_DIGITS
from core.domain.task_state import ListedState, Waiting
from core.domain.verdict import Outcome
from core.library.records import StoredTask, WaitingItem


class ListedCounts(TypedDict):
    """Hunts of all turns, without trials."""

    total: int
    done: int
    broke: int
    held: int
    undetermined: int
    error: int
    cancelled: int
    interrupted: int


class ListedTask(TypedDict):
    session_id: str
    name: str
    state: ListedState
    owner: str
    """"" without a sign-in."""
    archived: bool
    created_at: datetime
    updated_at: datetime
    counts: ListedCounts
    cost_usd: float | None
    """Targets and judge; while sealed, targets only. null if no cost is known."""
    excerpt: str
    """The beginning of the prompt."""


class TaskList(TypedDict):
    """Tasks, the last changed first."""

    tasks: list[ListedTask]
    next: str | None
    """The `after` of the next page; null at the end."""


class WaitingView(TypedDict):
    session_id: str
    name: str
    excerpt: str
    kind: Waiting
    sender: str
    """Who it is from: who asked or gave it, or the other reviewer."""
    since: datetime


class WaitingList(TypedDict):
    """What waits for you, the longest wait first."""

    waiting: list[WaitingView]


class SimilarTask(TypedDict):
    session_id: str
    name: str
    state: ListedState
    owner: str
    archived: bool
    updated_at: datetime
    similarity: float
    """Shared part of the two prompts, from 0.6 to 1 (the same but for white space and case)."""


class SimilarTasks(TypedDict):
    """Tasks with nearly the same prompt, the most similar first."""

    tasks: list[SimilarTask]


def listed_task(task: StoredTask) -> ListedTask:
    cost = task.target_cost_usd if task.sealed else task.cost_usd
    return {
        "session_id": task.session_id,
        "name": task.name,
        "state": task.state,
        "owner": task.owner,
        "archived": task.archived,
        "created_at": _at(task.created_ms),
        "updated_at": _at(task.changed_ms),
        "counts": _counts(task),
        "cost_usd": None if cost is None else round(cost, COST_DIGITS),
        "excerpt": task.excerpt,
    }


def waiting_view(task: WaitingItem) -> WaitingView:
    return {
        "session_id": task.session_id,
        "name": task.name,
        "excerpt": task.excerpt,
        "kind": Waiting(task.kind),
        "sender": task.sender,
        "since": _at(task.since_ms),
    }


def similar_task(task: StoredTask, similarity: float) -> SimilarTask:
    return {
        "session_id": task.session_id,
        "name": task.name,
        "state": task.state,
        "owner": task.owner,
        "archived": task.archived,
        "updated_at": _at(task.changed_ms),
        "similarity": round(similarity, 3),
    }


def _counts(task: StoredTask) -> ListedCounts:
    by = {outcome.value: task.outcomes.get(outcome.value, 0) for outcome in Outcome}
    return {
        "total": max(task.planned_hunts, sum(task.outcomes.values())),
        "done": sum(by.values()),
        "broke": by["broke"],
        "held": by["held"],
        "undetermined": by["undetermined"],
        "error": by["error"],
        "cancelled": by["cancelled"],
        "interrupted": by["interrupted"],
    }


def _at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
