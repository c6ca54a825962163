"""What happens in a session, as told to watchers. A draft has no id yet; the event log gives it one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class EventType(StrEnum):
    SESSION = "session.changed"
    """data: {"version"} – something of the session's head changed (task, selection, …); read the snapshot again."""
    CHECK = "check.changed"
    """data: the reference check as in the snapshot."""
    RUN = "run.changed"
    """data: the run as in the snapshot, with counts."""
    HUNT = "hunt.changed"
    """data: one hunt as a row of the table (no long texts); reasons come when it is done."""


@dataclass(frozen=True, slots=True)
class EventDraft:
    type: EventType
    data: str
    """A JSON object, written once here and handed on as it is to every watcher."""


@dataclass(frozen=True, slots=True)
class Event:
    """`id` is `milliseconds-sequence`, the form of Redis stream ids; later events have greater ids."""

    id: str
    type: str
    """An EventType, or what another release calls it: it is handed on."""
    data: str


_EVENT_ID = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")


def id_key(event_id: str) -> tuple[int, int]:
    """An event id as numbers, to compare. Raises ValueError when it is not of the form."""
    if not _EVENT_ID.fullmatch(event_id):
        raise ValueError(event_id)
    milliseconds, _, sequence = event_id.partition("-")
    return int(milliseconds), int(sequence or 0)
