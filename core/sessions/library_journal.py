"""Changes for the library as records of a journal on disk, while its database is unavailable."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from core.library.records import LibraryEvent, LibraryHead, LibraryHunt, LibraryWaiting, SessionChanges
from core.sessions.journal import Journal, Record

FOLDER = "library"
"""In JOURNAL_DIR, apart from the journals of the session store."""
RECORD_BYTES = 1024 * 1024
"""Hunts in one record, about: encoding them takes some milliseconds."""


def write_changes(journal: Journal, changes: SessionChanges) -> bool:
    """Write one or more records. Return False if the disk rejects one."""
    return all(journal.write(_record(part)) for part in _parts(changes))


def _parts(changes: SessionChanges) -> Iterator[SessionChanges]:
    """Divide the hunts: while a record is encoded, no other thread runs."""
    part, hunts, size = changes, list[LibraryHunt](), 0
    for hunt in changes.hunts:
        if size >= RECORD_BYTES:
            yield replace(part, hunts=tuple(hunts))
            part, hunts, size = SessionChanges(changes.session_id, changes.changed_ms), [], 0
        hunts.append(hunt)
        size += len(hunt.state) + len(hunt.reply)
    yield replace(part, hunts=tuple(hunts))


def _record(changes: SessionChanges) -> Record:
    head = None if changes.head is None else _head_json(changes.head)
    return {
        "op": "library",
        "sid": changes.session_id,
        "changed_ms": changes.changed_ms,
        "head": head,
        "notebook": None if changes.notebook is None else base64.b64encode(changes.notebook).decode(),
        "hunts": [asdict(one) | {"state": one.state.decode(), "reply": one.reply.decode()} for one in changes.hunts],
        "events": [asdict(event) for event in changes.events],
        "deleted_by": changes.deleted_by,
        "deleted_why": changes.deleted_why,
    }


def read_changes(journal: Journal) -> Iterator[SessionChanges]:
    """Yield the changes of all files of the journal, in the order in which they were written."""
    for record in journal.records():
        try:
            yield _changes(record)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            journal.mark_unreadable(error)


def _changes(record: dict[str, Any]) -> SessionChanges:
    head = record["head"]
    notebook = record["notebook"]
    return SessionChanges(
        session_id=record["sid"],
        changed_ms=record["changed_ms"],
        head=None if head is None else LibraryHead(**head | _not_json(head)),
        notebook=None if notebook is None else base64.b64decode(notebook),
        hunts=tuple(
            LibraryHunt(**hunt | {"state": hunt["state"].encode(), "reply": hunt["reply"].encode()})
            for hunt in record["hunts"]
        ),
        events=tuple(LibraryEvent(**event) for event in record["events"]),
        deleted_by=record["deleted_by"],
        deleted_why=record.get("deleted_why", ""),
    )


def _head_json(head: LibraryHead) -> dict[str, Any]:
    """The release before does not read a head that it has no field for."""
    row = asdict(head) | {"head": head.head.decode()}
    return row if head.waiting else {name: value for name, value in row.items() if name != "waiting"}


def _not_json(head: dict[str, Any]) -> dict[str, Any]:
    waiting = tuple(LibraryWaiting(**one) for one in head.get("waiting", ()))
    return {"head": head["head"].encode(), "bands": tuple(head.get("bands", ())), "waiting": waiting}
