"""Three-way merge of two versions of a session. Pure.

The merge works by field: a field that only one side changed is taken from that side, so no acknowledged change is lost.
If both sides changed it, the newer version wins (ours if they are equal). Runs are never lost, only added; verdicts of
checks are merged (merging_checks.py).
"""

from __future__ import annotations

from core.domain.review import Review
from core.domain.run import RUN_ENDED, Run, RunStatus
from core.domain.second_review import SecondReview
from core.domain.session import Audit, Session
from core.domain.sharing import Comment, Transfer
from core.sessions.merging_checks import merged_check, merged_report

_OWN_RULES = frozenset(
    {
        "session_id", "version", "runs", "hunts_issued", "trials_issued", "reviews", "revealed_at", "audit",
        "transfers", "comments", "second_review",
    }
)  # fmt: skip


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
    changes["transfers"] = _merged_transfers(ours.transfers, theirs.transfers)
    changes["comments"] = _merged_comments(base.comments if base else (), ours.comments, theirs.comments)
    known_review = (base or older).second_review
    changes["second_review"] = _merged_second_review(known_review, newer.second_review, older.second_review)
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


def _merged_transfers(ours: tuple[Transfer, ...], theirs: tuple[Transfer, ...]) -> tuple[Transfer, ...]:
    """All of them; accepted if either side accepted it."""
    every: dict[tuple[object, ...], Transfer] = {}
    for one in (*ours, *theirs):
        key = (one.at, one.by, one.to)
        if key not in every or one.accepted_at is not None:
            every[key] = one
    return tuple(sorted(every.values(), key=lambda one: one.at))


def _merged_comments(
    before: tuple[Comment, ...], ours: tuple[Comment, ...], theirs: tuple[Comment, ...]
) -> tuple[Comment, ...]:
    """What either side wrote, without what either deleted."""
    known = {one.comment_id for one in before}
    here, there = {one.comment_id for one in ours}, {one.comment_id for one in theirs}
    every = {one.comment_id: one for one in (*ours, *theirs)}
    stay = (one for one in every.values() if one.comment_id not in known or one.comment_id in here & there)
    return tuple(sorted(stay, key=lambda one: (one.at, one.comment_id)))


def _merged_second_review(
    before: SecondReview | None, newer: SecondReview | None, older: SecondReview | None
) -> SecondReview | None:
    """Of two different requests the newer session's stays. What either person wrote stays."""
    if newer == before or older == before:
        return older if newer == before else newer
    if newer is None or older is None or newer.asked_at != older.asked_at:
        return newer
    settled = {(one.hunt_id, one.criterion_id): one for one in older.settled}
    for one in newer.settled:
        other = settled.get((one.hunt_id, one.criterion_id))
        if other is None or other.at <= one.at:
            settled[one.hunt_id, one.criterion_id] = one
    return newer.model_copy(
        update={
            "reviews": _merged_reviews(newer.reviews, older.reviews),
            "done_at": min(filter(None, (newer.done_at, older.done_at)), default=None),
            "settled": tuple(settled.values()),
        }
    )


def _further(mine: Run, other: Run) -> Run:
    """The run that is further along; ours if equal. A cancelled run stays cancelled."""
    return mine if _stage(mine) >= _stage(other) else other


def _stage(run: Run) -> tuple[int, bool]:
    stage = {RunStatus.QUEUED: 0, RunStatus.RUNNING: 1}.get(run.status, 2)
    return (3 if run.status is RunStatus.CANCELLED else stage), run.status in RUN_ENDED and run.finished_at is not None
