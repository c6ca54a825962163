"""Session summaries, for a list of a user's work. Reading them does not renew the sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from typing_extensions import TypedDict

from core.domain.run import total_counts
from core.errors import NotFound
from core.hunting.views.runs import CountsView, counts_view
from core.hunting.views.tasks import CheckSummary
from core.review.comparison import compare_outcomes
from core.review.refuted import with_refuted
from core.review.reveal import unfinished_reviews
from core.review.review_cards import selected_of
from core.review.selection import selection_problems
from core.sessions.base import SessionStore, SessionSummary
from core.sessions.codec import StoredUnreadable


class GoneSession(TypedDict):
    """The session has expired or been deleted."""

    session_id: str
    gone: Literal[True]


class UnreadableSession(TypedDict):
    """This release cannot read the session: another one wrote it, or it is damaged."""

    session_id: str
    unreadable: Literal[True]


class SummaryView(TypedDict):
    session_id: str
    name: str
    owner: str
    """"" if it was loaded without a sign-in."""
    version: int
    turn: int
    created_at: datetime
    counts: CountsView
    active_runs: int
    check: CheckSummary
    selection_complete: bool
    reviews_complete: bool
    revealed: bool
    reviews_differ: bool
    """Finished reviews of the selection disagree with the judge's outcome."""


SummaryRow = SummaryView | GoneSession | UnreadableSession


async def summaries(store: SessionStore, session_ids: Sequence[str]) -> list[SummaryRow]:
    """Return one row per ID, in the given order; an expired session is `gone`."""
    return [await _summary(store, session_id) for session_id in session_ids]


async def _summary(store: SessionStore, session_id: str) -> SummaryRow:
    try:
        return summary_view(await store.summary(session_id))
    except NotFound:
        return gone_session(session_id)
    except StoredUnreadable:  # the others are listed all the same
        return {"session_id": session_id, "unreadable": True}


def gone_session(session_id: str) -> GoneSession:
    return {"session_id": session_id, "gone": True}


def summary_view(seen: SessionSummary) -> SummaryView:
    session = seen.session
    runs = [run for run in session.runs if not run.trial]
    counts = with_refuted(session, seen.counts, seen.on_desk)
    selected = selected_of(session, seen.on_desk)
    return {
        "session_id": session.session_id,
        "name": session.name,
        "owner": session.owner,
        "version": session.version,
        "turn": session.turn,
        "created_at": session.created_at,
        "counts": counts_view(total_counts(counts[run.run_id] for run in runs), sealed=session.sealed),
        "active_runs": sum(not run.trial for run in session.active_runs),
        "check": {"status": session.check.status, "stale": session.check.stale_for(session.task)},
        "selection_complete": not selection_problems(session.selection, selected),
        "reviews_complete": bool(selected) and not unfinished_reviews(session, seen.on_desk),
        "revealed": session.revealed_at is not None,
        "reviews_differ": compare_outcomes(session, selected, seen.on_desk).differ,
    }
