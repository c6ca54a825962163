"""The JSON of the two-sided check: the edits of the reference response, their verdicts, and what these say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from core.domain.checks import CheckStatus, EditProposals, TwoSidedCheck, ViolatingEdit
from core.domain.hunt import sum_known
from core.domain.task import Task
from core.hunting.views.hunts import VerdictView, verdict_view
from core.review.two_sided import CriterionFinding, findings_of


class EditView(TypedDict):
    criterion_id: str
    """The criterion that it violates."""
    text: str
    """The whole edited response; "" if there is no usable proposal."""
    model: str
    """Who proposed it; "" if a person wrote it."""
    change: str
    """What the model says it changed."""
    problem: str
    """Why the latest proposal is unusable, and what to do."""
    stale: bool
    """The task has been edited since."""
    judged: bool
    """The running or latest check judges this text."""
    verdicts: list[VerdictView]
    cost_usd: float | None
    """Of the proposal; null if unknown."""


class ProposalsView(TypedDict):
    """The latest request to a model for edits."""

    running: bool
    model: str
    parameters: dict[str, Any]
    open: tuple[str, ...]
    """Criteria whose edit has not arrived."""
    error: str
    started_at: datetime | None
    finished_at: datetime | None


class TwoSidedView(TypedDict):
    status: CheckStatus
    stale: bool
    """The task has been edited since."""
    task_hash: str
    judge_model: str
    judge_parameters: dict[str, Any]
    reference: list[VerdictView]
    """On the unedited reference response, by the same judge."""
    edits: list[EditView]
    proposals: ProposalsView
    findings: tuple[CriterionFinding, ...]
    """Empty if exactly the violated criterion flipped on each edit."""
    cost_usd: float | None
    """Of the proposals and the verdicts on the edits, as far as known."""
    error: str
    started_at: datetime | None
    finished_at: datetime | None


class TwoSidedAnswer(TypedDict):
    """The two-sided check. Its progress arrives as events `session.changed`."""

    two_sided_check: TwoSidedView


def two_sided_view(check: TwoSidedCheck, task: Task) -> TwoSidedView:
    task_hash = task.content_hash()
    costs = [edit.cost_usd for edit in check.edits]
    costs += [verdict.cost_usd for edit in check.edits for verdict in edit.verdicts]
    return {
        "status": check.status,
        "stale": check.stale_for(task),
        "task_hash": check.task_hash,
        "judge_model": check.judge_model,
        "judge_parameters": check.judge_parameters.chosen,
        "reference": [verdict_view(verdict) for verdict in check.reference],
        "edits": [_edit_view(edit, task_hash) for edit in check.edits],
        "proposals": _proposals_view(check.proposals),
        "findings": () if check.status is CheckStatus.RUNNING else findings_of(check, task),
        "cost_usd": sum_known(costs),
        "error": check.error,
        "started_at": check.started_at,
        "finished_at": check.finished_at,
    }


def _edit_view(edit: ViolatingEdit, task_hash: str) -> EditView:
    return {
        "criterion_id": edit.criterion_id,
        "text": edit.text,
        "model": edit.model,
        "change": edit.change,
        "problem": edit.problem,
        "stale": edit.task_hash != task_hash,
        "judged": edit.judged,
        "verdicts": [verdict_view(verdict) for verdict in edit.verdicts],
        "cost_usd": edit.cost_usd,
    }


def _proposals_view(proposals: EditProposals) -> ProposalsView:
    return {
        "running": proposals.running,
        "model": proposals.model,
        "parameters": proposals.parameters.chosen,
        "open": proposals.asked if proposals.running else (),
        "error": proposals.error,
        "started_at": proposals.started_at,
        "finished_at": proposals.finished_at,
    }
