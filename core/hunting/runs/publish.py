"""Publishes a run's state to event streams, such that the last event is the newest state."""

from __future__ import annotations

from core.clock import Clock
from core.domain.session import Session
from core.hunting.views.events import run_events
from core.sessions.base import SessionStore

MAX_TRIES = 5
"""A retry means that the session was changed concurrently; such a change usually publishes the run itself."""


async def publish_run(store: SessionStore, clock: Clock, session: Session, run_id: str) -> bool:
    """Publish the run as of `session`. Returns False, without publishing, if the session has changed since."""
    counts = (await store.counts(session.session_id))[run_id]
    events = run_events(session.run(run_id), counts, clock.now(), sealed=session.sealed)
    return await store.publish(session.session_id, events, version=session.version)


async def publish_run_with_retry(store: SessionStore, clock: Clock, session_id: str, run_id: str) -> None:
    """Publish the run's current state; retry while the session is being changed."""
    for _ in range(MAX_TRIES):
        if await publish_run(store, clock, await store.read(session_id), run_id):
            return
