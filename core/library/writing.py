"""Writes batches of changes in one transaction: the same statements in both databases, in their dialects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, update

from core.domain.hunt import DONE_PROGRESS, ROUND_PROGRESS
from core.library.records import LibraryEvent, LibraryHead, LibraryHunt, SessionChanges
from core.library.schema import events, hunts, notebooks, prompt_bands, sessions, texts, waiting

Rows = list[dict[str, Any]]
STEP_HUNTS = 500
TASK_TEXT = "task"
"""The part of a session's texts that is not a reply."""
DELETED = "deleted"
"""Action and ID of the event that records a deletion."""
MERGED_CHANGES = 2
"""Changes that SQLite counts if a merge did anything; 1 is the request itself."""
DELIVERED = "exported"
"""Action of the events that make a session count as delivered."""


def in_steps(changes: Sequence[SessionChanges]) -> Iterator[list[SessionChanges]]:
    """Divide a transaction into lists of fewer than twice STEP_HUNTS hunts: the statements of a list are prepared
    without a pause. The order of the sessions stays, so that two processes cannot wait for each other."""
    step: list[SessionChanges] = []
    for one in changes:
        for start in range(0, max(1, len(one.hunts)), STEP_HUNTS):
            hunts = one.hunts[start : start + STEP_HUNTS]
            further = SessionChanges(one.session_id, one.changed_ms, hunts=hunts)
            step.append(further if start else replace(one, hunts=hunts))
            if sum(len(part.hunts) for part in step) >= STEP_HUNTS:
                yield step
                step = []
    if step:
        yield step


def write_changes(connection: Connection, changes: Sequence[SessionChanges]) -> None:
    """Heads first: they lock the rows, so that a deletion in another process comes before or after all of it."""
    _Writer(connection).write(changes)


def write_archived(connection: Connection, session_id: str, archived: bool, event: LibraryEvent) -> bool:
    """Returns False, and writes nothing, if the session is unknown or deleted."""
    changed = connection.execute(
        update(sessions)
        .where(sessions.c.session_id == session_id, sessions.c.deleted_ms.is_(None))
        .values(archived=archived)
    )
    if changed.rowcount == 0:
        return False
    connection.execute(insert(events), [_event_row(session_id, event)])
    return True


def merge_search_index(connection: Connection, pages: int) -> bool:
    """Continue to merge the parts of SQLite's search index, which removes the words of deleted texts. Returns False if
    nothing is left to do."""
    before = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
    connection.exec_driver_sql(f"INSERT INTO words (words, rank) VALUES ('merge', {pages:d})")  # noqa: S608
    after = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
    return bool(after - before >= MERGED_CHANGES)


class _Writer:
    """Writes batches in one transaction, in the dialect of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # the other dialect takes a tenth of a second to import
        self._insert: Any = import_module(f"sqlalchemy.dialects.{connection.dialect.name}").insert

    def write(self, changes: Sequence[SessionChanges]) -> None:
        self._delete([one for one in changes if one.deleted_by is not None])
        changes = [one for one in changes if one.deleted_by is None]
        self._write_heads(changes)
        versions = self._versions(one.session_id for one in changes)
        changes = [one for one in changes if versions.get(one.session_id, 0) is not None]
        newest = [one.head for one in changes if one.head is not None and one.head.version == versions[one.session_id]]
        self._write_notebooks(changes)
        self._write_bands(newest)
        self._write_waiting(newest)
        self._write_texts([(head.session_id, TASK_TEXT, head.text) for head in newest])
        self._write_hunts(changes)
        self._write_events(changes)

    def _write_heads(self, changes: Sequence[SessionChanges]) -> None:
        rows = [_head_row(one.head, one.changed_ms) for one in changes if one.head is not None]
        statement = self._insert(sessions)
        new = statement.excluded
        kept = {"session_id", "archived", "delivered_ms", "deleted_ms", "created_ms"}
        statement = statement.on_conflict_do_update(
            index_elements=[sessions.c.session_id],
            set_={column.name: new[column.name] for column in sessions.c if column.name not in kept},
            where=and_(new.version > sessions.c.version, sessions.c.deleted_ms.is_(None)),
        )
        self._execute(statement, rows)
        touched = [{"one": one.session_id, "at": one.changed_ms} for one in changes if one.head or one.hunts]
        self._execute(
            update(sessions)
            .where(sessions.c.session_id == bindparam("one"), sessions.c.changed_ms < bindparam("at"))
            .values(changed_ms=bindparam("at")),
            touched,
        )

    def _write_notebooks(self, changes: Sequence[SessionChanges]) -> None:
        rows = [{"session_id": one.session_id, "content": one.notebook} for one in changes if one.notebook is not None]
        self._execute(self._insert(notebooks).on_conflict_do_nothing(), rows)

    def _write_bands(self, heads: Sequence[LibraryHead]) -> None:
        statement = self._insert(prompt_bands)
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=[prompt_bands.c.session_id, prompt_bands.c.place],
            set_={"band": new.band, "owner": new.owner},
            where=or_(new.band != prompt_bands.c.band, new.owner != prompt_bands.c.owner),
        )
        heads = sorted(heads, key=lambda head: head.session_id)
        self._execute(statement, [row for head in heads for row in _band_rows(head)])

    def _write_waiting(self, heads: Sequence[LibraryHead]) -> None:
        """Replace what waits: the newest head says all of it."""
        if heads:
            of_them = waiting.c.session_id.in_([head.session_id for head in heads])
            self._connection.execute(delete(waiting).where(of_them))
        rows = [{"session_id": head.session_id, **asdict(one)} for head in heads for one in head.waiting]
        self._execute(insert(waiting), rows)

    def _write_hunts(self, changes: Sequence[SessionChanges]) -> None:
        pairs = [(one.session_id, hunt) for one in changes for hunt in one.hunts]
        pairs.sort(key=lambda pair: (pair[0], pair[1].hunt_id))
        statement = self._insert(hunts)
        new = statement.excluded
        kept = {"session_id", "hunt_id", "reply"}
        unfinished = hunts.c.progress % ROUND_PROGRESS < DONE_PROGRESS
        statement = statement.on_conflict_do_update(
            index_elements=[hunts.c.session_id, hunts.c.hunt_id],
            set_={column.name: new[column.name] for column in hunts.c if column.name not in kept}
            | {"reply": func.coalesce(new.reply, hunts.c.reply)},
            where=or_(
                new.progress > hunts.c.progress,
                and_(new.progress == hunts.c.progress, unfinished),
            ),
        )
        self._execute(statement, [_hunt_row(session_id, hunt) for session_id, hunt in pairs])
        self._write_texts([(session_id, hunt.hunt_id, hunt.text) for session_id, hunt in pairs if hunt.text])

    def _write_texts(self, found: Sequence[tuple[str, str, str]]) -> None:
        statement = self._insert(texts)
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=[texts.c.session_id, texts.c.part],
            set_={"content": new.content},
            where=new.content != texts.c.content,
        )
        rows = [{"session_id": one, "part": part, "content": content} for one, part, content in sorted(found)]
        self._execute(statement, rows)

    def _write_events(self, changes: Sequence[SessionChanges]) -> None:
        pairs = [(one.session_id, event) for one in changes for event in one.events]
        rows = [_event_row(session_id, event) for session_id, event in pairs]
        self._execute(self._insert(events).on_conflict_do_nothing(), rows)
        delivered = [{"one": session_id, "at": event.at_ms} for session_id, event in pairs if event.action == DELIVERED]
        self._execute(
            update(sessions).where(sessions.c.session_id == bindparam("one")).values(delivered_ms=bindparam("at")),
            delivered,
        )

    def _delete(self, changes: Sequence[SessionChanges]) -> None:
        """Remove everything but who did what, and leave a row that later writes find."""
        if not changes:
            return
        for one in changes:
            empty = _head_row(_no_head(one.session_id), one.changed_ms) | {"deleted_ms": one.changed_ms}
            kept = {"session_id", "owner", "created_ms", "archived", "delivered_ms"}
            statement = self._insert(sessions).on_conflict_do_update(
                index_elements=[sessions.c.session_id],
                set_={name: value for name, value in empty.items() if name not in kept},
                where=sessions.c.deleted_ms.is_(None),
            )
            self._execute(statement, [empty])
            record = LibraryEvent(DELETED, one.changed_ms, one.deleted_by or "", DELETED, one.deleted_why)
            self._execute(
                self._insert(events).on_conflict_do_nothing(),
                [*(_event_row(one.session_id, event) for event in one.events), _event_row(one.session_id, record)],
            )
        gone = [one.session_id for one in changes]
        for table in (notebooks, hunts, prompt_bands, texts, waiting):
            self._connection.execute(delete(table).where(table.c.session_id.in_(gone)))

    def _versions(self, session_ids: Iterable[str]) -> dict[str, int | None]:
        """The stored version of each of these sessions that is stored; None: it was deleted. Locks the rows until the
        end of the transaction."""
        statement = (
            select(sessions.c.session_id, sessions.c.version, sessions.c.deleted_ms)
            .where(sessions.c.session_id.in_(list(session_ids)))
            .order_by(sessions.c.session_id)
            .with_for_update()
        )
        rows = self._connection.execute(statement)
        return {row.session_id: row.version if row.deleted_ms is None else None for row in rows}

    def _execute(self, statement: Any, rows: Rows) -> None:
        if rows:
            self._connection.execute(statement, rows)


def _no_head(session_id: str) -> LibraryHead:
    return LibraryHead(
        session_id=session_id,
        version=0,
        head=b"",
        owner="",
        name="",
        state="",
        active=False,
        created_ms=0,
        excerpt="",
        prompt_hash="",
        text="",
    )


def _head_row(head: LibraryHead, changed_ms: int) -> dict[str, Any]:
    return {
        "session_id": head.session_id,
        "version": head.version,
        "owner": head.owner,
        "name": head.name,
        "state": head.state,
        "active": head.active,
        "created_ms": head.created_ms,
        "changed_ms": changed_ms,
        "deleted_ms": None,
        "excerpt": head.excerpt,
        "prompt_hash": head.prompt_hash,
        "head": head.head,
        "sealed": head.sealed,
        "planned_hunts": head.planned_hunts,
        "revealed_ms": head.revealed_ms,
    }


def _band_rows(head: LibraryHead) -> Rows:
    return [
        {"session_id": head.session_id, "place": place, "owner": head.owner, "band": band}
        for place, band in enumerate(head.bands)
    ]


def _hunt_row(session_id: str, hunt: LibraryHunt) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "hunt_id": hunt.hunt_id,
        "number": hunt.number,
        "run_id": hunt.run_id,
        "model": hunt.model,
        "outcome": hunt.outcome,
        "progress": hunt.progress,
        "cost_usd": hunt.cost_usd,
        "target_cost_usd": hunt.target_cost_usd,
        "state": hunt.state,
        "reply": hunt.reply or None,
    }


def _event_row(session_id: str, event: LibraryEvent) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "event_id": event.event_id,
        "at_ms": event.at_ms,
        "actor": event.actor,
        "action": event.action,
        "detail": event.detail,
    }
