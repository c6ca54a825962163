"""Deletes tasks by age and state, a few at a time."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, select, text

from core.library.listing import TASK_STATE
from core.library.records import Deletion, RetentionRule, SessionChanges
from core.library.schema import sessions
from core.library.writing import write_changes

LOCK = 0x6D686C72
"""The key of PostgreSQL's advisory lock. In SQLite a transaction that writes is alone anyway."""


def find_expired(connection: Connection, rule: RetentionRule, skip: Collection[str], limit: int) -> tuple[str, ...]:
    statement = _matching(rule).order_by(sessions.c.changed_ms, sessions.c.session_id).limit(limit + len(skip))
    found = [row.session_id for row in connection.execute(statement)]
    return tuple(one for one in found if one not in skip)[:limit]


def delete_expired(
    connection: Connection, rule: RetentionRule, session_ids: Collection[str], now_ms: int
) -> tuple[str, ...]:
    """Run in a transaction that writes."""
    if connection.dialect.name == "postgresql":
        alone = connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": LOCK}).scalar_one()
        if not alone:
            return ()
    statement = _matching(rule).where(sessions.c.session_id.in_(session_ids)).order_by(sessions.c.session_id)
    found = tuple(row.session_id for row in connection.execute(statement.with_for_update()))
    write_changes(connection, [SessionChanges(one, now_ms, deleted_by="", deleted_why=rule.why) for one in found])
    return found


def find_deletions(connection: Connection, since_ms: int) -> tuple[Deletion, ...]:
    """A deletion also is the last change, unless a process that did not know of it wrote later."""
    statement = select(sessions.c.session_id, sessions.c.deleted_ms).where(
        sessions.c.changed_ms >= since_ms, sessions.c.deleted_ms >= since_ms
    )
    return tuple(Deletion(row.session_id, row.deleted_ms) for row in connection.execute(statement))


def _matching(rule: RetentionRule) -> Select[Any]:
    statement = select(sessions.c.session_id).where(
        sessions.c.deleted_ms.is_(None),
        sessions.c.archived == rule.archived,
        sessions.c.changed_ms < rule.before_ms,
    )
    return statement.where(TASK_STATE.in_(rule.states)) if rule.states else statement
