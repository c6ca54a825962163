"""What the library stores of sessions and hunts, and who did what. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import datetime

from cachetools import LRUCache

from core.domain.checks import CheckStatus
from core.domain.hunt import Hunt, HuntStatus
from core.domain.prompt_similarity import normal_prompt, prompt_bands
from core.domain.review_differences import unsettled
from core.domain.run import RUN_ENDED
from core.domain.search_words import searchable
from core.domain.session import Session
from core.domain.task import Task
from core.domain.task_state import Waiting, has_open_work, task_state
from core.library.records import LibraryEvent, LibraryHead, LibraryHunt, LibraryWaiting
from core.sessions.codec import head_text, reply_text, state_text

MAX_EXCERPT_CHARS = 200
MAX_TEXT_CHARS = 100_000
"""Longest text that a search finds something in; PostgreSQL limits its index of one text to 1 MB."""

_BANDS: LRUCache[str, tuple[int, ...]] = LRUCache(2000)
"""By the hash of the prompt: computing them takes milliseconds, and a head is written often."""

ACTOR: ContextVar[str | None] = ContextVar("ACTOR", default=None)
"""The user whose request this task serves; None outside of requests."""


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def library_head(session: Session) -> LibraryHead:
    return LibraryHead(
        session_id=session.session_id,
        version=session.version,
        head=head_text(session),
        owner=_storable(session.owner),
        name=_storable(session.name),
        state=task_state(session),
        active=has_open_work(session),
        created_ms=milliseconds(session.created_at),
        excerpt=_storable(" ".join(session.task.prompt[: 4 * MAX_EXCERPT_CHARS].split())[:MAX_EXCERPT_CHARS]),
        prompt_hash=prompt_hash(session.task),
        text=_searchable(_task_texts(session)),
        sealed=session.sealed,
        planned_hunts=sum(run.hunts for run in session.runs if not run.trial),
        revealed_ms=None if session.revealed_at is None else milliseconds(session.revealed_at),
        bands=bands_of(session.task),
        waiting=tuple(_waiting(session)),
    )


def _waiting(session: Session) -> Iterator[LibraryWaiting]:
    """Yield what waits for whom. A session from before there was a sign-in has nobody to wait for."""
    owner, second = _storable(session.owner), session.second_review
    given = next((one for one in reversed(session.transfers) if one.to == session.owner), None)
    if given is not None and given.accepted_at is None:
        yield LibraryWaiting(owner, Waiting.GIVEN, _storable(given.by), milliseconds(given.at))
    if second is None or not second.reviewer:
        return
    reviewer = _storable(second.reviewer)
    if second.done_at is None:
        yield LibraryWaiting(reviewer, Waiting.REVIEW, _storable(second.asked_by), milliseconds(second.asked_at))
    elif session.revealed_at is None:
        yield LibraryWaiting(reviewer, Waiting.REVIEWED, owner, milliseconds(second.done_at))
        yield LibraryWaiting(owner, Waiting.REVEAL, reviewer, milliseconds(second.done_at))
    elif unsettled(session):
        since_ms = milliseconds(max(second.done_at, session.revealed_at))
        yield LibraryWaiting(owner, Waiting.SETTLE, reviewer, since_ms)
        if reviewer != owner:
            yield LibraryWaiting(reviewer, Waiting.SETTLE, owner, since_ms)


def prompt_hash(task: Task) -> str:
    """Return the same for prompts that differ only in white space and case; "" for an empty one."""
    words = normal_prompt(task.prompt)
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest() if words else ""


def bands_of(task: Task) -> tuple[int, ...]:
    """Return the bands of the prompt, computed once for each prompt."""
    key = prompt_hash(task)
    found = _BANDS.get(key)
    if found is None:
        found = _BANDS[key] = prompt_bands(task.prompt)
    return found


def worth_storing(hunt: Hunt) -> bool:
    """Whether anything would be lost without this state: a hunt that is queued or calling starts again."""
    return hunt.reply is not None or hunt.status is HuntStatus.DONE


def library_hunt(hunt: Hunt, *, with_reply: bool) -> LibraryHunt:
    reply = hunt.reply if with_reply else None
    return LibraryHunt(
        hunt_id=hunt.hunt_id,
        number=hunt.number,
        run_id=hunt.run_id,
        model=_storable(hunt.model),
        outcome=hunt.outcome or "",
        progress=hunt.progress,
        cost_usd=hunt.cost_usd,
        target_cost_usd=hunt.target_cost_usd,
        state=state_text(hunt),
        reply=b"" if reply is None else reply_text(hunt),
        text="" if reply is None else _searchable(iter((reply.text,))),
    )


def actor_of(session: Session) -> str:
    """Return who changes the session: the user of the request, an admin perhaps; outside of requests its owner."""
    actor = ACTOR.get()
    return _storable(session.owner if actor is None else actor)


def created_event(session: Session, at: datetime) -> LibraryEvent:
    return LibraryEvent("1.0", milliseconds(at), actor_of(session), "created")


def change_events(before: Session, after: Session, at: datetime) -> tuple[LibraryEvent, ...]:
    """Return what a change of a session did. Drafts of reviews count once for each hunt."""
    actor, server = actor_of(after), [*_by_server(before, after)]
    actors = [(actor, *one) for one in _by_people(before, after)]
    actors += [(_storable(by), action, _storable(detail)) for by, action, detail in _by_others(before, after)]
    actors += [("", *one) for one in server]
    return tuple(
        LibraryEvent(f"{after.version}.{place}", milliseconds(at), actor, action, detail)
        for place, (actor, action, detail) in enumerate(actors)
    )


def _by_people(before: Session, after: Session) -> Iterator[tuple[str, str]]:
    if len(after.turns) > len(before.turns):
        yield "turn_started", str(after.turn)
    elif after.task is not before.task and after.task != before.task:
        yield "edited", ""
    if after.check.status is CheckStatus.RUNNING and after.check.started_at != before.check.started_at:
        yield "check_started", after.check.judge_model
    if after.runs is not before.runs:
        known = {run.run_id for run in before.runs}
        yield from (("run_started", run.run_id) for run in after.runs if run.run_id not in known)
    if after.selection is not before.selection and after.selection != before.selection:
        yield "selected", f"{len(after.selection.hunt_ids)} hunts"
    if after.reviews is not before.reviews:
        reviewed = {review.hunt_id for review in before.reviews}
        yield from (("reviewed", review.hunt_id) for review in after.reviews if review.hunt_id not in reviewed)
    if after.revealed_at is not None and before.revealed_at is None:
        yield "revealed", ""
    if before.second_review is not None and after.second_review is None:
        yield "second_review_withdrawn", _storable(before.second_review.reviewer)


def _by_others(before: Session, after: Session) -> Iterator[tuple[str, str, str]]:
    """Yield (who, what, detail) of what the session itself says who did it."""
    yield from ((one.by, "given", one.to) for one in after.transfers[len(before.transfers) :])
    earlier, now = before.second_review, after.second_review
    if earlier is now or now is None:
        return
    if earlier is None:
        yield now.asked_by, "second_review_asked", now.reviewer
    if now.done_at is not None and (earlier is None or earlier.done_at is None):
        yield now.reviewer, "second_review_done", ""
    known = earlier.settled if earlier else ()
    yield from ((one.by, "settled", f"{one.hunt_id} {one.criterion_id}") for one in now.settled if one not in known)


def _by_server(before: Session, after: Session) -> Iterator[tuple[str, str]]:
    if after.runs is before.runs:
        return
    active = {run.run_id for run in before.active_runs}
    yield from (
        ("run_ended", f"{run.run_id} {run.status}")
        for run in after.runs
        if run.run_id in active and run.status in RUN_ENDED
    )


def _task_texts(session: Session) -> Iterator[str]:
    task = session.task
    yield session.name
    yield task.prompt
    yield from (f"{criterion.id} {criterion.text}" for criterion in task.criteria)
    yield task.response
    yield from dict.fromkeys(model for run in session.runs for model in run.models)
    yield from (turn.task.prompt for turn in session.turns)


def _searchable(parts: Iterator[str]) -> str:
    found, left = [], MAX_TEXT_CHARS
    for part in parts:
        found.append(part[:left])
        left -= len(found[-1])
        if left <= 0:
            break
    return _storable(searchable("\n".join(found))[:MAX_TEXT_CHARS])


def _storable(text: str) -> str:
    """Without what PostgreSQL's texts cannot hold: NUL and lone surrogates. The JSON keeps them."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()
