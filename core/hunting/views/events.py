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
from core.livetext.base import TextDelta


class HuntEvent(TypedDict):
    hunt: HuntView


class RunEvent(TypedDict):
    run: RunView


class SessionEvent(TypedDict):
    version: int


class TextEvent(TypedDict):
    hunt_id: str
    restart: bool
    """Drop the text so far first."""
    response: str
    reasoning: str
    truncated: bool
    """No more text follows until the hunt is finished: it is too long to be shown while it grows."""


def text_event(hunt_id: str, delta: TextDelta) -> bytes:
    """Return the data of the event `hunt.text`, which is never stored."""
    event: TextEvent = {
        "hunt_id": hunt_id,
        "restart": delta.restart,
        "response": delta.response,
        "reasoning": delta.reasoning,
        "truncated": delta.truncated,
    }
    return to_json(event)


def hunt_event(hunt: Hunt, *, sealed: bool, refuted: bool = False) -> EventDraft:
    """Build the event of a saved state, or of a review that refutes it."""
    shown = hunt_view(hunt, sealed=sealed, texts=False, reasons=hunt.status is HuntStatus.DONE, refuted=refuted)
    return _draft(EventType.HUNT, {"hunt": shown})


def hunt_events(hunt: Hunt, *, sealed: bool, refuted: bool = False) -> tuple[EventDraft, ...]:
    """Return the events of a saved state. Empty while single verdicts or votes on a sealed hunt arrive: nothing visible
    has changed, and their timing and number depend on the verdicts."""
    judging = hunt.status is HuntStatus.JUDGING and bool(hunt.verdicts)
    hidden = sealed and not hunt.trial and (judging or bool(hunt.open_opinions))
    return () if hidden else (hunt_event(hunt, sealed=sealed, refuted=refuted),)


def run_events(run: Run, counts: Counts, now: datetime, *, sealed: bool) -> tuple[EventDraft, ...]:
    """Return the event of the run's current state. Empty for a trial, which its hunt's events describe."""
    return () if run.trial else (_draft(EventType.RUN, {"run": run_view(run, counts, now, sealed=sealed)}),)


def check_event(session: Session) -> EventDraft:
    return _draft(EventType.CHECK, {"check": check_view(session.check, session.task)})


def session_event(session: Session) -> EventDraft:
    return _draft(EventType.SESSION, {"version": session.version})


def _draft(kind: EventType, data: HuntEvent | RunEvent | CheckAnswer | SessionEvent) -> EventDraft:
    return EventDraft(kind, to_json(data).decode())
