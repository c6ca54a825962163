"""Lists tasks: by owner, state and words, a page at a time, and those with similar prompts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    literal_column,
    select,
    text,
    tuple_,
    union_all,
)

from core.domain.search_words import search_terms
from core.domain.task_state import BLIND_REVIEWS, TaskState, listed_state
from core.library.records import PeriodQuery, SimilarQuery, StoredTask, TaskQuery, WaitingItem
from core.library.schema import hunts, prompt_bands, sessions, texts, waiting

MAX_WORDS = 12
"""Words of a search; further ones are ignored."""
PREFIX_CHARS = 3
"""Shortest beginning of a word that a search completes: shorter ones are in too many words."""
RARE_TEXTS = 20_000
"""Texts up to which SQLite looks up the session of each; beyond, it goes through the sessions, the newest first, as
most of them match."""
MAX_EXACT = 5
MAX_IN_BAND = 200
MAX_NEAR = 8
"""Candidates whose prompts are compared."""

TASK_STATE = case(
    (
        and_(
            sessions.c.state == TaskState.REVEALED.value,
            sessions.c.delivered_ms >= func.coalesce(sessions.c.revealed_ms, 0),
        ),
        TaskState.DELIVERED.value,
    ),
    else_=sessions.c.state,
)
"""A `TaskState`, also DELIVERED, or what another release wrote."""
_COLUMNS = (
    *(sessions.c[name] for name in ("session_id", "name", "owner", "archived", "created_ms", "changed_ms")),
    *(sessions.c[name] for name in ("excerpt", "sealed", "planned_hunts")),
    TASK_STATE.label("task_state"),
)
_NOT_DELETED = sessions.c.deleted_ms.is_(None)


def list_tasks(connection: Connection, query: TaskQuery) -> tuple[StoredTask, ...]:
    statement = select_tasks(query)
    if query.text.strip():
        terms = search_terms(query.text, MAX_WORDS)
        if not terms:
            return ()
        statement = statement.where(_contains(connection, terms))
    rows = connection.execute(statement).all()
    sums = _sums(connection, [row.session_id for row in rows])
    return tuple(_task(row, sums) for row in rows)


def select_tasks(query: TaskQuery) -> Select[Any]:
    """Return the statement of a page of tasks, without its words."""
    statement = (
        select(*_COLUMNS)
        .where(_NOT_DELETED, sessions.c.archived == query.archived)
        .order_by(sessions.c.changed_ms.desc(), sessions.c.session_id.desc())
        .limit(query.limit)
    )
    if query.owner is not None:
        statement = statement.where(sessions.c.owner == query.owner)
    if query.hidden_from:
        statement = statement.where(_not_reviewed_by(query.hidden_from))
    if query.states:
        statement = statement.where(TASK_STATE.in_(query.states))
    if query.after is not None:
        before = tuple_(literal(query.after.changed_ms), literal(query.after.session_id))
        statement = statement.where(tuple_(sessions.c.changed_ms, sessions.c.session_id) < before)
    return statement


def list_similar(connection: Connection, query: SimilarQuery) -> tuple[tuple[StoredTask, bytes], ...]:
    exact = (
        select(sessions.c.session_id)
        .where(sessions.c.prompt_hash == query.prompt_hash, _NOT_DELETED, sessions.c.session_id != query.session_id)
        .order_by(sessions.c.changed_ms.desc())
        .limit(MAX_EXACT)
    )
    if query.owner is not None:
        exact = exact.where(sessions.c.owner == query.owner)
    if query.hidden_from:
        exact = exact.where(_not_reviewed_by(query.hidden_from))
    ids = [row.session_id for row in connection.execute(exact)] if query.prompt_hash else []
    ids += [one for one in _near(connection, query) if one not in ids]
    statement = select(*_COLUMNS, sessions.c.head).where(_NOT_DELETED, sessions.c.session_id.in_(ids))
    if query.hidden_from:
        statement = statement.where(_not_reviewed_by(query.hidden_from))
    found = {row.session_id: row for row in connection.execute(statement)}
    return tuple((_task(found[one], {}), bytes(found[one].head)) for one in ids if one in found)


def list_session_ids(connection: Connection, query: PeriodQuery) -> tuple[tuple[str, bool], ...]:
    statement = (
        select(sessions.c.session_id, sessions.c.archived)
        .where(_NOT_DELETED, sessions.c.changed_ms >= query.since_ms)
        .order_by(sessions.c.session_id)
    )
    if query.owner is not None:
        statement = statement.where(sessions.c.owner == query.owner)
    if query.until_ms is not None:
        statement = statement.where(sessions.c.created_ms < query.until_ms)
    return tuple((row.session_id, row.archived) for row in connection.execute(statement))


def list_waiting(connection: Connection, person: str, kinds: Sequence[str], limit: int) -> tuple[WaitingItem, ...]:
    statement = (
        select(waiting, sessions.c.name, sessions.c.excerpt)
        .join(sessions, sessions.c.session_id == waiting.c.session_id)
        .where(waiting.c.person == person, waiting.c.kind.in_(kinds), _NOT_DELETED)
        .order_by(waiting.c.since_ms, waiting.c.session_id)
        .limit(limit)
    )
    return tuple(
        WaitingItem(row.session_id, row.name, row.excerpt, row.kind, row.sender, row.since_ms)
        for row in connection.execute(statement)
    )


def _not_reviewed_by(person: str) -> ColumnElement[bool]:
    """Lists say how many hunts broke, which somebody who reviews blind must not know."""
    reviewed = select(waiting.c.session_id).where(
        waiting.c.session_id == sessions.c.session_id,
        waiting.c.person == person,
        waiting.c.kind.in_([kind.value for kind in BLIND_REVIEWS]),
    )
    return ~reviewed.exists()


def _contains(connection: Connection, terms: Sequence[Sequence[str]]) -> ColumnElement[bool]:
    """Whether one of the session's texts contains all terms, the last word perhaps only begun."""
    begun = len(terms[-1][-1]) >= PREFIX_CHARS
    if connection.dialect.name == "postgresql":
        phrases = " & ".join(f"({' <-> '.join(words)})" for words in terms)
        wanted = func.to_tsquery(literal_column("'simple'"), f"{phrases[:-1]}:*)" if begun else phrases)
        found = literal_column("texts.words").op("@@")(wanted)
        return sessions.c.session_id.in_(select(texts.c.session_id).where(found))
    phrases = " ".join(f'"{" ".join(words)}"' for words in terms)
    match = {"match": f"{phrases}*" if begun else phrases}
    ids = text("SELECT rowid FROM words WHERE words MATCH :match").bindparams(**match)
    if begun:
        number = _store_matches(connection, match)
        ids = text("SELECT text_id FROM temp.matched")
    else:
        counted = text("SELECT count(*) FROM (SELECT rowid FROM words WHERE words MATCH :match LIMIT :most)")
        number = connection.execute(counted, match | {"most": RARE_TEXTS + 1}).scalar_one()
    rows = texts.c.text_id.in_(ids)
    if number <= RARE_TEXTS:
        return sessions.c.session_id.in_(select(texts.c.session_id).where(rows))
    return select(texts.c.text_id).where(texts.c.session_id == sessions.c.session_id, rows).exists()


def _store_matches(connection: Connection, match: Mapping[str, Any]) -> int:
    """Store the IDs of the texts that match in a temporary table, and return their number: each evaluation of the
    beginning of a word merges the lists of all words that begin so, which takes a tenth of a second."""
    connection.execute(text("CREATE TEMP TABLE IF NOT EXISTS matched (text_id INTEGER PRIMARY KEY)"))
    connection.execute(text("DELETE FROM matched"))
    return connection.execute(
        text("INSERT INTO matched SELECT rowid FROM words WHERE words MATCH :match"), match
    ).rowcount


def _near(connection: Connection, query: SimilarQuery) -> list[str]:
    """Return sessions that share bands, those that share most of them first."""
    if not query.bands:
        return []
    parts = [_in_band(place, band, query.owner) for place, band in enumerate(query.bands)]
    shared = union_all(*(select(part.subquery().c.session_id) for part in parts)).subquery()
    statement = (
        select(shared.c.session_id)
        .where(shared.c.session_id != query.session_id)
        .group_by(shared.c.session_id)
        .order_by(func.count().desc(), shared.c.session_id)
        .limit(MAX_EXACT + MAX_NEAR)
    )
    return [row.session_id for row in connection.execute(statement)]


def _in_band(place: int, band: int, owner: str | None) -> Select[Any]:
    """Several hundred sessions have the same band if they are copies of one task: only some of them are counted."""
    statement = select(prompt_bands.c.session_id).where(prompt_bands.c.band == band, prompt_bands.c.place == place)
    if owner is not None:
        statement = statement.where(prompt_bands.c.owner == owner)
    return statement.limit(MAX_IN_BAND)


@dataclass
class _Sums:
    outcomes: dict[str, int] = field(default_factory=dict)
    cost_usd: float | None = None
    target_cost_usd: float | None = None


def _sums(connection: Connection, session_ids: Sequence[str]) -> Mapping[str, _Sums]:
    """Add up the hunts of each session, without trials, whose numbers are negative."""
    statement = (
        select(
            hunts.c.session_id,
            hunts.c.outcome,
            func.count().label("hunts"),
            func.sum(hunts.c.cost_usd).label("cost_usd"),
            func.sum(hunts.c.target_cost_usd).label("target_cost_usd"),
        )
        .where(hunts.c.session_id.in_(session_ids), hunts.c.number > 0)
        .group_by(hunts.c.session_id, hunts.c.outcome)
    )
    found: dict[str, _Sums] = {}
    for row in connection.execute(statement):
        sums = found.setdefault(row.session_id, _Sums())
        sums.outcomes[row.outcome] = row.hunts
        sums.cost_usd = _sum((sums.cost_usd, row.cost_usd))
        sums.target_cost_usd = _sum((sums.target_cost_usd, row.target_cost_usd))
    return found


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _task(row: Any, sums: Mapping[str, _Sums]) -> StoredTask:
    of_it = sums.get(row.session_id) or _Sums()
    return StoredTask(
        session_id=row.session_id,
        name=row.name,
        owner=row.owner,
        state=listed_state(row.task_state),
        archived=row.archived,
        created_ms=row.created_ms,
        changed_ms=row.changed_ms,
        excerpt=row.excerpt,
        sealed=row.sealed,
        planned_hunts=row.planned_hunts,
        outcomes=of_it.outcomes,
        cost_usd=of_it.cost_usd,
        target_cost_usd=of_it.target_cost_usd,
    )
