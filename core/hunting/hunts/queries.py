"""Queries for the hunts of a session: all, of one turn, trials."""

from __future__ import annotations

from core.domain.hunt import Hunt
from core.domain.run import Run
from core.domain.session import Session
from core.errors import NotFound
from core.sessions.base import HuntPage, SessionStore, no_hunt

PAGE = 500


async def all_hunts(store: SessionStore, session_id: str, *, after: int = 0) -> tuple[Hunt, ...]:
    """Return all started hunts by number; also trials if `after` is negative enough."""
    found: list[Hunt] = []
    next_: int | None = after
    while next_ is not None:
        page = await store.hunts(session_id, after=next_, limit=PAGE)
        found += page.hunts
        next_ = page.next
    return tuple(found)


async def hunts_of_turn(store: SessionStore, session: Session, turn: int, *, after: int, limit: int) -> HuntPage:
    """Return a page of one turn's hunts by number. Numbers of a turn are contiguous: runs of two turns never mix."""
    runs = [run for run in session.runs if run.turn == turn and not run.trial]
    if not runs:
        return HuntPage(hunts=(), next=None)
    first, end = min(run.first_number for run in runs), max(run.first_number + run.hunts for run in runs)
    page = await store.hunts(session.session_id, after=max(after, first - 1), limit=limit)
    mine = tuple(hunt for hunt in page.hunts if hunt.number < end)
    more = page.next is not None and page.next < end - 1
    return HuntPage(hunts=mine, next=page.next if more else None)


async def trials(store: SessionStore, session: Session) -> tuple[Hunt, ...]:
    """Return the session's started trials, oldest first."""
    if not session.trials_issued:
        return ()
    page = await store.hunts(session.session_id, after=-session.trials_issued - 1, limit=session.trials_issued)
    return tuple(hunt for hunt in reversed(page.hunts) if hunt.trial)


async def hunts_on_desk(store: SessionStore, session: Session) -> tuple[Hunt, ...]:
    """Return the hunts to review: the selected ones, in slot order, and the drawn ones."""
    return tuple([await store.hunt(session.session_id, hunt_id) for hunt_id in session.desk_ids])


async def hunt_and_run(store: SessionStore, session: Session, hunt_id: str) -> tuple[Run, Hunt]:
    """Return a hunt, started or not, and its run. Raises NotFound."""
    run = session.run(hunt_id.rpartition(".")[0])
    try:
        return run, await store.hunt(session.session_id, hunt_id)
    except NotFound:
        if (place := run.place_of(hunt_id)) is None:
            raise
        return run, run.hunt(place)


def refuse_unknown_hunt(session: Session, hunt_id: str) -> None:
    """Raise NotFound if the session has no such hunt, started or not."""
    run_id = hunt_id.rpartition(".")[0]
    if all(run.run_id != run_id or run.place_of(hunt_id) is None for run in session.runs):
        raise no_hunt(hunt_id)
