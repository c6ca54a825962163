"""The JSON of a session: the snapshot, shared by API responses and `--json`. `docs/api.md` describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from typing_extensions import TypedDict

from core.domain.criteria import Criterion
from core.domain.hunt import Hunt
from core.domain.run import Counts, total_counts
from core.domain.session import Session, TaskWarning, Visibility
from core.domain.sharing import Transfer
from core.domain.slot import Grading, Slot
from core.domain.task import Task
from core.domain.turn import Turn
from core.domain.verdict import Verdict
from core.hunting.views.reviews import ReviewParts, review_parts
from core.hunting.views.robustness import RobustnessView, robustness_view
from core.hunting.views.runs import CountsView, RunView, counts_view, run_view
from core.hunting.views.second_reviews import SecondReviewState, second_review_state
from core.hunting.views.tasks import CheckView, TaskView, check_view, task_view
from core.hunting.views.two_sided import TwoSidedView, two_sided_view


class SettingsView(TypedDict):
    visibility: Visibility
    require_check: bool
    require_two_sided_check: bool
    judge_cut_replies: bool
    """Replies cut off at an output limit are judged; otherwise they are errors (`output_limit`)."""
    slots: int
    least_breaks: int
    audit_held: int
    """How many held hunts are drawn at random into the review desk."""
    fixed: bool
    """A run has started, so visibility is fixed."""


class GradeView(TypedDict):
    criterion_id: str
    verdict: Verdict


class GradingView(TypedDict):
    verdicts: list[GradeView]
    score: int | None
    explanation: str


class SlotView(TypedDict):
    number: int
    model: str
    filled: bool
    response: str
    reasoning: str
    llm_judge: GradingView | None
    human_judge: GradingView | None


class TurnView(TypedDict):
    number: int
    prompt: str
    response: str
    criteria: tuple[Criterion, ...]
    selected_hunt_id: str
    selected_response: str
    hunts: int
    counts: CountsView


class SessionView(ReviewParts):
    """The snapshot: everything the page shows but the hunts."""

    session_id: str
    version: int
    name: str
    owner: str
    """"" without a sign-in."""
    readers: tuple[str, ...]
    """Earlier owners who kept access, to read and comment."""
    transfer: Transfer | None
    """The last time that the session was given to somebody."""
    comments: int
    second_review: SecondReviewState | None
    created_at: datetime
    visibility: Visibility
    sealed: bool
    """Blind and not revealed: responses contain outcomes but no verdicts."""
    revealed: bool
    revealed_at: datetime | None
    require_check: bool
    require_two_sided_check: bool
    judge_cut_replies: bool
    """Replies cut off at an output limit are judged; otherwise they are errors (`output_limit`)."""
    settings: SettingsView
    expires_in_s: float
    task: TaskView
    warnings: tuple[TaskWarning, ...]
    loaded_criteria: tuple[Criterion, ...]
    """As they were in the notebook."""
    proposed_criteria: tuple[Criterion, ...]
    """Recovered from broken JSON; not part of the task until saved with PATCH."""
    slots: list[SlotView]
    attempts_before: int
    attempts_made: int
    check: CheckView
    two_sided_check: TwoSidedView
    robustness: RobustnessView
    runs: list[RunView]
    counts: CountsView
    """Of this turn's runs."""
    total_counts: CountsView
    """Of all turns."""
    trials: CountsView
    """Trials, which no other counts include."""
    turn: int
    turns: list[TurnView]
    """Earlier turns, read-only."""
    default_judge: str
    last_event_id: str


def session_view(
    session: Session,
    counts: Mapping[str, Counts],
    on_desk: Sequence[Hunt],
    *,
    now: datetime,
    ttl_s: float,
    default_judge: str,
    last_event_id: str,
) -> SessionView:
    """Return the snapshot: everything that the page shows except hunts. `on_desk`: the hunts to review."""
    runs = [run for run in session.runs if not run.trial]
    sealed, task_hash = session.sealed, cache(Task.content_hash)  # most runs have the same task
    this_turn = total_counts(counts[run.run_id] for run in runs if run.turn == session.turn)
    earlier = total_counts(counts[run.run_id] for run in runs if run.turn != session.turn)
    total = total_counts((this_turn, earlier))
    return {
        "session_id": session.session_id,
        "version": session.version,
        "name": session.name,
        "owner": session.owner,
        "readers": session.readers,
        "transfer": session.transfers[-1] if session.transfers else None,
        "comments": len(session.comments),
        "second_review": second_review_state(session),
        "created_at": session.created_at,
        "visibility": session.visibility,
        "sealed": session.sealed,
        "revealed": session.revealed_at is not None,
        "revealed_at": session.revealed_at,
        "require_check": session.require_check,
        "require_two_sided_check": session.require_two_sided_check,
        "judge_cut_replies": session.judge_cut_replies,
        "settings": _settings_view(session),
        "expires_in_s": ttl_s,
        "task": task_view(session.task, session.missing_criteria),
        "warnings": session.warnings,
        # criteria of a later turn were not loaded from a notebook
        "loaded_criteria": () if session.turns else session.loaded_task.criteria,
        "proposed_criteria": session.proposed_criteria,
        "slots": [_slot_view(slot) for slot in session.slots],
        "attempts_before": session.attempts_before,
        "attempts_made": session.attempts_before + total.replies,
        "check": check_view(session.check, session.task),
        "two_sided_check": two_sided_view(session.two_sided_check, session.task),
        "robustness": robustness_view(session),
        "runs": [run_view(run, counts[run.run_id], now, sealed=sealed, task_hash=task_hash) for run in runs],
        "counts": counts_view(this_turn, sealed=sealed),
        "total_counts": counts_view(total, sealed=sealed),
        "trials": counts_view(total_counts(counts[run.run_id] for run in session.runs if run.trial), sealed=False),
        "turn": session.turn,
        "turns": [_turn_view(session, turn, counts) for turn in session.turns],
        **review_parts(session, on_desk),
        "default_judge": default_judge,
        "last_event_id": last_event_id,
    }


def _settings_view(session: Session) -> SettingsView:
    return {
        "visibility": session.visibility,
        "require_check": session.require_check,
        "require_two_sided_check": session.require_two_sided_check,
        "judge_cut_replies": session.judge_cut_replies,
        "slots": session.selection.slots,
        "least_breaks": session.selection.least_breaks,
        "audit_held": session.audit.held,
        "fixed": session.hunted,
    }


def _turn_view(session: Session, turn: Turn, counts: Mapping[str, Counts]) -> TurnView:
    runs = [run for run in session.runs if run.turn == turn.number and not run.trial]
    total = total_counts(counts[run.run_id] for run in runs)
    return {
        "number": turn.number,
        "prompt": turn.task.prompt,
        "response": turn.task.response,
        "criteria": turn.task.criteria,
        "selected_hunt_id": turn.hunt_id,
        "selected_response": turn.response,
        "hunts": total.total,
        "counts": counts_view(total, sealed=session.sealed),
    }


def _slot_view(slot: Slot) -> SlotView:
    return {
        "number": slot.number,
        "model": slot.model,
        "filled": slot.filled,
        "response": slot.response,
        "reasoning": slot.reasoning,
        "llm_judge": _grading_view(slot.llm_judge),
        "human_judge": _grading_view(slot.human_judge),
    }


def _grading_view(grading: Grading | None) -> GradingView | None:
    if grading is None:
        return None
    return {
        "verdicts": [{"criterion_id": cid, "verdict": verdict} for cid, verdict in grading.verdicts],
        "score": grading.score,
        "explanation": grading.explanation,
    }
