"""Tells watchers how a run stands, so that what is told last is what is true last."""

from __future__ import annotations

from core.clock import Clock
from core.domain.session import Session
from core.hunting.views.sessions import run_events
from core.sessions.base import SessionStore

MAX_TRIES = 5
"""Each further try means that somebody changed the session meanwhile, most of which tell of the run themselves."""


async def publish_run(store: SessionStore, clock: Clock, session: Session, run_id: str) -> bool:
    """Tell of the run as it stands in `session`. False when that was changed meanwhile: then nothing is told."""
    counts = (await store.counts(session.session_id))[run_id]
    events = run_events(session.run(run_id), counts, clock.now(), sealed=session.sealed)
    return await store.announce(session.session_id, events, version=session.version)


async def publish_run_with_retry(store: SessionStore, clock: Clock, session_id: str, run_id: str) -> None:
    """Tell of the run as it stands, again while the session is being changed."""
    for _ in range(MAX_TRIES):
        if await publish_run(store, clock, await store.read(session_id), run_id):
            return
