"""Publishes a run's state to event streams, such that the last event is the newest state."""

from __future__ import annotations

from collections.abc import Mapping

from core.clock import Clock
from core.domain.run import Counts
from core.domain.session import Session
from core.hunting.hunts.queries import hunts_on_desk
from core.hunting.views.events import run_events
from core.review.refuted import with_refuted
from core.sessions.base import SessionStore

MAX_TRIES = 5
"""A retry means that the session was changed concurrently; such a change usually publishes the run itself."""


async def reviewed_counts(store: SessionStore, session: Session) -> Mapping[str, Counts]:
    """Return the counts by run, with the breaks that reviews refute."""
    counts = await store.counts(session.session_id)
    if session.sealed or not session.reviews:
        return counts
    return with_refuted(session, counts, await hunts_on_desk(store, session))


async def publish_run(store: SessionStore, clock: Clock, session: Session, run_id: str) -> bool:
    """Publish the run as of `session`. Returns False, without publishing, if the session has changed since."""
    counts = (await reviewed_counts(store, session))[run_id]
    events = run_events(session.run(run_id), counts, clock.now(), sealed=session.sealed)
    return await store.publish(session.session_id, events, version=session.version)


async def publish_run_with_retry(store: SessionStore, clock: Clock, session_id: str, run_id: str) -> None:
    """Publish the run's current state; retry while the session is being changed."""
    for _ in range(MAX_TRIES):
        if await publish_run(store, clock, await store.read(session_id), run_id):
            return
