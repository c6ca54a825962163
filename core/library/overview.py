"""What a team has open and has delivered, added up by the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, case, exists, func, literal, select

from core.domain.task_state import TO_DO, TaskState, listed_state
from core.library.listing import TASK_STATE
from core.library.records import AGE_DAYS, DeliveredTask, OpenTasks, TeamOverview, WaitingTask
from core.library.schema import hunts, sessions, waiting

DAY_MS = 24 * 3600 * 1000
PERSON = sessions.c.owner.label("person")
"""Whom an open task waits for."""
_STATE = TASK_STATE.label("task_state")
_LISTED = (sessions.c.deleted_ms.is_(None), sessions.c.archived.is_(False))
_OPEN = (*_LISTED, TASK_STATE.not_in([TaskState.DELIVERED.value]))


def team_overview(connection: Connection, now_ms: int, since_ms: int, limit: int) -> TeamOverview:
    return TeamOverview(
        open_tasks=tuple(
            OpenTasks(row.person, listed_state(row.task_state), row.age, row.tasks, row.oldest_ms)
            for row in connection.execute(_open_tasks(now_ms))
        ),
        waiting=_longest_waiting(connection, limit),
        delivered=tuple(
            DeliveredTask(
                name=row.name,
                owner=row.owner,
                created_ms=row.created_ms,
                delivered_ms=row.delivered_ms,
                hunts=row.hunts,
                broke=row.broke or 0,
                cost_usd=row.cost_usd,
                unpriced=row.unpriced or 0,
            )
            for row in connection.execute(_delivered(since_ms).limit(limit))
        ),
    )


def _open_tasks(now_ms: int) -> Select[Any]:
    bounds = [(sessions.c.changed_ms <= now_ms - AGE_DAYS[place] * DAY_MS, place + 1) for place in reversed(range(4))]
    age = case(*bounds, else_=0).label("age")
    counts = (func.count().label("tasks"), func.min(sessions.c.changed_ms).label("oldest_ms"))
    return (
        select(PERSON, _STATE, age, *counts).where(*_OPEN).group_by(PERSON, _STATE, age).order_by(PERSON, _STATE, age)
    )


def _longest_waiting(connection: Connection, limit: int) -> tuple[WaitingTask, ...]:
    task = (sessions.c.name, sessions.c.owner, _STATE, sessions.c.session_id)
    to_do = waiting.c.kind.in_([kind.value for kind in TO_DO])
    of_owner = (waiting.c.session_id == sessions.c.session_id, waiting.c.person == sessions.c.owner)
    owners = select(*task, PERSON, sessions.c.changed_ms.label("since_ms"), literal("").label("kind")).where(
        *_OPEN, ~exists().where(*of_owner, to_do)
    )
    asked = (
        select(*task, waiting.c.person, waiting.c.since_ms, waiting.c.kind)
        .join(waiting, waiting.c.session_id == sessions.c.session_id)
        .where(*_LISTED, to_do)
    )
    rows = [
        row
        for statement in (owners, asked)  # each in the order of an index
        for row in connection.execute(statement.order_by("since_ms", sessions.c.session_id).limit(limit))
    ]
    rows.sort(key=lambda row: (row.since_ms, row.session_id))
    return tuple(
        WaitingTask(row.name, row.person, row.owner, listed_state(row.task_state), row.since_ms, row.kind)
        for row in rows[:limit]
    )


def _delivered(since_ms: int) -> Select[Any]:
    """Archived ones too. Trials, whose numbers are negative, do not count."""
    found = (
        select(*(sessions.c[name] for name in ("session_id", "name", "owner", "created_ms", "delivered_ms")))
        .where(
            sessions.c.deleted_ms.is_(None),
            TASK_STATE.in_([TaskState.DELIVERED.value]),
            sessions.c.delivered_ms >= since_ms,
        )
        .subquery()
    )
    columns = [found.c[name] for name in ("session_id", "name", "owner", "created_ms", "delivered_ms")]
    return (
        select(
            *columns,
            func.count(hunts.c.hunt_id).label("hunts"),
            func.sum(case((hunts.c.outcome == "broke", 1), else_=0)).label("broke"),
            func.sum(hunts.c.cost_usd).label("cost_usd"),
            func.sum(case((hunts.c.hunt_id.is_not(None) & hunts.c.cost_usd.is_(None), 1), else_=0)).label("unpriced"),
        )
        .select_from(found.outerjoin(hunts, (hunts.c.session_id == found.c.session_id) & (hunts.c.number > 0)))
        .group_by(*columns)
        .order_by(found.c.delivered_ms.desc(), found.c.session_id)
    )
