"""One session whose newest state is in this process and in the journal, not in Redis; and how that is written down."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.domain.hunt import Hunt
from core.domain.session import Session
from core.sessions.codec import head_text, read_head, read_hunt, reply_text, state_text
from core.sessions.journal import Record
from core.sessions.memory import KeptSession


@dataclass
class DetachedSession:
    base: Session | None
    """The head when Redis was last heard of; None for a session that never was there."""
    last_id: str
    """The newest event id that Redis is known to have."""
    head_changed: bool = False
    hunts_changed: set[str] = field(default_factory=set)
    replies_written: set[str] = field(default_factory=set)
    """Hunts whose reply stands in the journal already."""
    journaled: bool = False
    """The journal can bring it back: all of it stands there, and every change since."""
    lost: bool = False
    """Redis may have lost some of it: all of it is compared and written."""
    seamless: bool = True
    """The events made here follow on `last_id` without a gap."""
    shown: bool = False
    """Somebody was answered from here, perhaps without what others had done."""
    torn: bool = False
    """Others wrote in Redis meanwhile: every event made here is before a mark there, so that readers reload."""
    merged_to: str = ""
    """The newest event made here that Redis has taken over, or that is before its mark."""
    gate: asyncio.Future[None] | None = None
    """While it is there, changes wait: the last step of going back."""

    def __post_init__(self) -> None:
        self.merged_to = self.merged_to or self.last_id

    def take_changes(self) -> tuple[bool, set[str]]:
        """Whether the head was changed, and which hunts, since this was last asked."""
        taken = (self.head_changed, self.hunts_changed)
        self.head_changed, self.hunts_changed = False, set()
        return taken

    def put_back_changes(self, changes: tuple[bool, set[str]]) -> None:
        self.head_changed |= changes[0]
        self.hunts_changed |= changes[1]


def whole_record(session_id: str, away: DetachedSession, kept: KeptSession, ends_at: datetime) -> Record:
    """All of a session, so that the journal can bring it back by itself."""
    return {
        "op": "whole",
        "sid": session_id,
        "ends_at": ends_at.isoformat(),
        "base": None if away.base is None else head_text(away.base).decode(),
        "head": head_text(kept.session).decode(),
        "hunts": [[state_text(hunt).decode(), reply_text(hunt).decode()] for hunt in kept.hunts.values()],
        "notebook": base64.b64encode(kept.notebook).decode(),
        "last_id": away.last_id,
        "changed": away.head_changed,
    }


def head_record(session: Session) -> Record:
    return {"op": "head", "sid": session.session_id, "head": head_text(session).decode()}


def hunt_record(session_id: str, hunt: Hunt, away: DetachedSession) -> Record:
    """One state of a hunt; its reply only the first time."""
    reply = ""
    if hunt.reply is not None and hunt.hunt_id not in away.replies_written:
        away.replies_written.add(hunt.hunt_id)
        reply = reply_text(hunt).decode()
    return {"op": "hunt", "sid": session_id, "state": state_text(hunt).decode(), "reply": reply}


def delete_record(session_id: str) -> Record:
    return {"op": "delete", "sid": session_id}


@dataclass
class Replayed:
    """One session as a journal tells it."""

    base: Session | None
    head: Session
    notebook: bytes
    last_id: str
    ends_at: datetime
    hunts: dict[str, Hunt] = field(default_factory=dict)
    head_changed: bool = False
    hunts_changed: set[str] = field(default_factory=set)


def replayed(
    records: Iterable[Record], not_understood: Callable[[Exception], None]
) -> tuple[dict[str, Replayed], set[str]]:
    """What the records say in the end: sessions by id, and the ids of those that were deleted.

    `not_understood` is told of each record that is foreign, or of a version with other fields; it is passed over.
    """
    found: dict[str, Replayed] = {}
    deleted: set[str] = set()
    for record in records:
        try:
            _take(found, deleted, record)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            not_understood(error)
    return found, deleted


def _take(found: dict[str, Replayed], deleted: set[str], record: Record) -> None:
    session_id, what = str(record["sid"]), record["op"]
    if what == "whole":
        _take_whole(found, session_id, record)
    elif what == "delete":
        found.pop(session_id, None)
        deleted.add(session_id)
    elif what not in {"head", "hunt"}:
        raise ValueError(what)
    elif session_id in found:
        _take_change(found[session_id], record)


def _take_whole(found: dict[str, Replayed], session_id: str, record: Record) -> None:
    """Of two files about one session the newer head counts; hunts are only added."""
    earlier = found.get(session_id)
    head = read_head(record["head"].encode())
    hunts = [read_hunt(state.encode(), reply.encode()) for state, reply in record["hunts"]]
    if earlier is None:
        found[session_id] = earlier = Replayed(
            base=None if record["base"] is None else read_head(record["base"].encode()),
            head=head,
            notebook=base64.b64decode(record["notebook"]),
            last_id=str(record["last_id"]),
            ends_at=datetime.fromisoformat(record["ends_at"]),
            head_changed=bool(record["changed"]),
        )
    elif head.version > earlier.head.version:
        earlier.head, earlier.head_changed = head, True
    for hunt in hunts:
        _take_hunt(earlier, hunt)


def _take_change(session: Replayed, record: dict[str, Any]) -> None:
    if record["op"] == "head":
        session.head, session.head_changed = read_head(record["head"].encode()), True
    elif record["op"] == "hunt":
        hunt = read_hunt(record["state"].encode(), record["reply"].encode())
        before = session.hunts.get(hunt.hunt_id)
        if hunt.reply is None and before is not None and before.reply is not None:
            hunt = hunt.model_copy(update={"reply": before.reply})
        _take_hunt(session, hunt)
        session.hunts_changed.add(hunt.hunt_id)


def _take_hunt(session: Replayed, hunt: Hunt) -> None:
    before = session.hunts.get(hunt.hunt_id)
    if before is None or before.progress <= hunt.progress:
        session.hunts[hunt.hunt_id] = hunt
