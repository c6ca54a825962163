"""The events of a session. They are redacted when a state is saved, so a sealed verdict is in no event."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import TypedDict

from core.domain.events import EventDraft, EventType
from core.domain.hunt import Hunt, HuntStatus
from core.domain.run import Counts, Run
from core.domain.session import Session
from core.hunting.views.hunts import HuntView, hunt_view
from core.hunting.views.runs import RunView, run_view
from core.hunting.views.serialize import to_json
from core.hunting.views.tasks import CheckAnswer, check_view


class HuntEvent(TypedDict):
    hunt: HuntView


class RunEvent(TypedDict):
    run: RunView


class SessionEvent(TypedDict):
    version: int


def hunt_event(hunt: Hunt, *, sealed: bool) -> EventDraft:
    """Build the event of a saved state."""
    shown = hunt_view(hunt, sealed=sealed, texts=False, reasons=hunt.status is HuntStatus.DONE)
    return _draft(EventType.HUNT, {"hunt": shown})


def hunt_events(hunt: Hunt, *, sealed: bool) -> tuple[EventDraft, ...]:
    """Return the events of a saved state. Empty while single verdicts of a sealed hunt arrive: nothing visible has
    changed, and the timing of a verdict depends on its value."""
    hidden = sealed and not hunt.trial and hunt.status is HuntStatus.JUDGING and bool(hunt.verdicts)
    return () if hidden else (hunt_event(hunt, sealed=sealed),)


def run_events(run: Run, counts: Counts, now: datetime, *, sealed: bool) -> tuple[EventDraft, ...]:
    """Return the event of the run's current state. Empty for a trial, which its hunt's events describe."""
    return () if run.trial else (_draft(EventType.RUN, {"run": run_view(run, counts, now, sealed=sealed)}),)


def check_event(session: Session) -> EventDraft:
    return _draft(EventType.CHECK, {"check": check_view(session.check, session.task)})


def session_event(session: Session) -> EventDraft:
    return _draft(EventType.SESSION, {"version": session.version})


def _draft(kind: EventType, data: HuntEvent | RunEvent | CheckAnswer | SessionEvent) -> EventDraft:
    return EventDraft(kind, to_json(data).decode())
