"""Events of a session, published to its event streams. The event log assigns IDs to drafts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class EventType(StrEnum):
    SESSION = "session.changed"
    """data: {"version"}. The session changed (task, selection, …); fetch the snapshot."""
    CHECK = "check.changed"
    """data: the reference check as in the snapshot."""
    RUN = "run.changed"
    """data: the run as in the snapshot, with counts."""
    HUNT = "hunt.changed"
    """data: one hunt as a table row, without long texts; reasons are included when it is done."""


@dataclass(frozen=True, slots=True)
class EventDraft:
    type: EventType
    data: str
    """A JSON object, serialized once and sent unchanged to every event stream."""


@dataclass(frozen=True, slots=True)
class Event:
    """`id` is `milliseconds-sequence`, the form of Redis stream ids; later events have greater ids."""

    id: str
    type: str
    """An EventType, or an unknown type from another release, which is passed on."""
    data: str


_EVENT_ID = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")


def id_key(event_id: str) -> tuple[int, int]:
    """Parse an event ID into comparable numbers. Raises ValueError if it is malformed."""
    if not _EVENT_ID.fullmatch(event_id):
        raise ValueError(event_id)
    milliseconds, _, sequence = event_id.partition("-")
    return int(milliseconds), int(sequence or 0)
