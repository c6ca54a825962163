"""A detached session: its newest state is in this process and the journal, not in Redis. Also its journal records."""

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
    """The last head known to be in Redis; None for a session that was never there."""
    last_id: str
    """The newest event id known to be in Redis."""
    head_changed: bool = False
    hunts_changed: set[str] = field(default_factory=set)
    replies_written: set[str] = field(default_factory=set)
    """Hunts whose reply is already in the journal."""
    journaled: bool = False
    """The journal can restore the session: it has a full copy and every later change."""
    lost: bool = False
    """Redis may have lost data: compare and write the whole session."""
    seamless: bool = True
    """Local events continue after `last_id` without a gap."""
    shown: bool = False
    """A client has read local state, which may lack changes of other processes."""
    torn: bool = False
    """Another process wrote to Redis: all local events precede a mark there, so that readers reload."""
    merged_to: str = ""
    """The newest local event that is in Redis or precedes its mark."""
    gate: asyncio.Future[None] | None = None
    """If set, changes wait for it: the last step of the reattachment."""

    def __post_init__(self) -> None:
        self.merged_to = self.merged_to or self.last_id

    def take_changes(self) -> tuple[bool, set[str]]:
        """Return whether the head changed, and the changed hunts, and reset both."""
        taken = (self.head_changed, self.hunts_changed)
        self.head_changed, self.hunts_changed = False, set()
        return taken

    def restore_changes(self, changes: tuple[bool, set[str]]) -> None:
        self.head_changed |= changes[0]
        self.hunts_changed |= changes[1]


def whole_record(session_id: str, away: DetachedSession, kept: KeptSession, ends_at: datetime) -> Record:
    """A full copy of a session, from which the journal can restore it."""
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
    """One state of a hunt, with the reply only the first time."""
    reply = ""
    if hunt.reply is not None and hunt.hunt_id not in away.replies_written:
        away.replies_written.add(hunt.hunt_id)
        reply = reply_text(hunt).decode()
    return {"op": "hunt", "sid": session_id, "state": state_text(hunt).decode(), "reply": reply}


def delete_record(session_id: str) -> Record:
    return {"op": "delete", "sid": session_id}


@dataclass
class Replayed:
    """A session restored from a journal."""

    base: Session | None
    head: Session
    notebook: bytes
    last_id: str
    ends_at: datetime
    hunts: dict[str, Hunt] = field(default_factory=dict)
    head_changed: bool = False
    hunts_changed: set[str] = field(default_factory=set)


def replay(
    records: Iterable[Record], mark_unreadable: Callable[[Exception], None]
) -> tuple[dict[str, Replayed], set[str]]:
    """Replay the records. Returns the sessions by id and the ids of deleted sessions.

    Calls `mark_unreadable` for each foreign or incompatible record and skips it.
    """
    found: dict[str, Replayed] = {}
    deleted: set[str] = set()
    for record in records:
        try:
            _take(found, deleted, record)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            mark_unreadable(error)
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
    """If two files contain the same session, use the newer head and all hunts."""
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
