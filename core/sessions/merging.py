"""Three-way merge of two versions of a session. Pure.

The merge works by field: a field that only one side changed is taken from that side, so no acknowledged change is lost.
If both sides changed it, the newer version wins (ours if they are equal). Runs are never lost, only added; verdicts of
checks are merged (merging_checks.py).
"""

from __future__ import annotations

from core.domain.review import Review
from core.domain.run import RUN_ENDED, Run, RunStatus
from core.domain.session import Audit, Session
from core.sessions.merging_checks import merged_check, merged_report

_OWN_RULES = frozenset(
    {"session_id", "version", "runs", "hunts_issued", "trials_issued", "reviews", "revealed_at", "audit"}
)


def merge_sessions(base: Session | None, ours: Session, theirs: Session) -> Session:
    """Merge two versions of a session. `base` is their common ancestor, None if unknown.

    Returns `theirs` itself if nothing has to be written; otherwise the version is higher than both.
    """
    newer, older = (theirs, ours) if theirs.version > ours.version else (ours, theirs)
    changes: dict[str, object] = {}
    for name in Session.model_fields.keys() - _OWN_RULES:
        mine, other = getattr(ours, name), getattr(theirs, name)
        before = getattr(base, name) if base is not None else getattr(older, name)
        changes[name] = mine if other == before else other if mine == before else getattr(newer, name)
    changes["runs"] = _merged_runs(ours.runs, theirs.runs)
    changes["hunts_issued"] = max(ours.hunts_issued, theirs.hunts_issued)
    changes["trials_issued"] = max(ours.trials_issued, theirs.trials_issued)
    changes["reviews"] = _merged_reviews(ours.reviews, theirs.reviews)
    for name, merged in (("robustness", merged_report), ("two_sided_check", merged_check)):
        known, mine, other = getattr(base or older, name), getattr(newer, name), getattr(older, name)
        if known not in (mine, other):
            changes[name] = merged(known, mine, other)
    changes["audit"] = _merged_audit((base or older).audit, newer.audit, older.audit)
    changes["revealed_at"] = min(filter(None, (ours.revealed_at, theirs.revealed_at)), default=None)
    if all(getattr(theirs, name) == value for name, value in changes.items()):
        return theirs
    if all(getattr(ours, name) == value for name, value in changes.items()) and ours.version > theirs.version:
        return ours
    return theirs.model_copy(update=changes | {"version": max(ours.version, theirs.version) + 1})


def _merged_runs(ours: tuple[Run, ...], theirs: tuple[Run, ...]) -> tuple[Run, ...]:
    mine = {run.run_id: run for run in ours}
    both = [_further(mine.pop(run.run_id, run), run) for run in theirs]
    return tuple(sorted((*both, *mine.values()), key=lambda run: (run.first_number, run.created_at)))


def _merged_reviews(ours: tuple[Review, ...], theirs: tuple[Review, ...]) -> tuple[Review, ...]:
    """The most recently saved review of each hunt."""
    newest = {review.hunt_id: review for review in theirs}
    for review in ours:
        there = newest.get(review.hunt_id)
        if there is None or there.saved_at < review.saved_at:
            newest[review.hunt_id] = review
    return tuple(newest.values())


def _merged_audit(before: Audit, newer: Audit, older: Audit) -> Audit:
    """The number as any other field; what either side drew stays drawn, since it may have been reviewed."""
    drawn = dict.fromkeys((*newer.drawn, *older.drawn))
    held = older.held if newer.held == before.held else newer.held
    return Audit(held=held, seed=newer.seed or older.seed, drawn=tuple(drawn))


def _further(mine: Run, other: Run) -> Run:
    """The run that is further along; ours if equal. A cancelled run stays cancelled."""
    return mine if _stage(mine) >= _stage(other) else other


def _stage(run: Run) -> tuple[int, bool]:
    stage = {RunStatus.QUEUED: 0, RunStatus.RUNNING: 1}.get(run.status, 2)
    return (3 if run.status is RunStatus.CANCELLED else stage), run.status in RUN_ENDED and run.finished_at is not None
