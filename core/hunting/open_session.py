"""Creates a session from a notebook (a template, a finished task, our own export) or from a typed task."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from core.child_calls import Batched
from core.domain.hunt import Hunt
from core.domain.ids import SESSION_ENTROPY_BYTES, session_id
from core.domain.session import Audit, Session
from core.domain.task import Task
from core.errors import Conflict, NotFound, Unavailable
from core.hunting.interrupt_unfinished_work import EXPORTED, interrupt_work
from core.hunting.orders import OpenOrder
from core.notebooks.document import Bounds
from core.notebooks.parse import LoadedNotebook, parse_notebook
from core.notebooks.write_cells import blank_notebook, template_notebook
from core.sessions.base import SessionStore

TYPED_NAME = "task.ipynb"
KEPT_OF_AN_EXPORT = (
    "runs", "hunts_issued", "trials_issued", "check", "two_sided_check", "robustness", "selection", "reviews",
    "revealed_at", "turns", "visibility", "judge_cut_replies", "audit", "second_review",
)  # fmt: skip
"""Session fields that an export restores. The task is read from the cells, which may have been edited since."""

HUNTS_AT_ONCE = 50
AFTER_DELETION = "\n"
"""Follows an idempotency key whose session was deleted or given away: the key opens another one. No header contains
it."""
Entropy = Callable[[int], bytes]


@dataclass(frozen=True)
class Opened:
    session: Session
    notebook: bytes
    hunts: tuple[Hunt, ...] = ()
    """Hunts of an earlier session, from our own export."""


def read_notebook(raw: bytes, bounds: Bounds, name: str, order: OpenOrder, sid: str, now: datetime) -> Batched:
    """The session of an uploaded notebook, with its hunts as items. Raises BadNotebook, BadTask, TooLarge."""
    opened = opened_notebook(raw, parse_notebook(raw, bounds), name, order, sid, now)
    return Batched(opened.session, opened.hunts)


def opened_notebook(raw: bytes, loaded: LoadedNotebook, name: str, order: OpenOrder, sid: str, now: datetime) -> Opened:
    """Create the session of an uploaded notebook. Our own export also restores runs, hunts, check and selection."""
    session = Session(
        session_id=sid,
        name=name,
        owner=order.owner,
        created_at=now,
        visibility=order.visibility,
        require_check=order.require_check,
        require_two_sided_check=order.require_two_sided_check,
        judge_cut_replies=order.judge_cut_replies,
        audit=Audit(held=order.audit_held),
        task=loaded.task,
        loaded_task=loaded.task,
        warnings=loaded.warnings,
        proposed_criteria=loaded.proposed_criteria,
        slots=loaded.slots,
        attempts_before=loaded.attempts_before,
        mark=mark_of(loaded.task, order.owner),
    )
    if loaded.resumed is None:
        return Opened(session, raw)
    # An open run or check would wait forever for a worker here, and ending it would end the original's.
    earlier, hunts = interrupt_work(loaded.resumed.session, loaded.resumed.hunts, now, EXPORTED)
    kept = {name: getattr(earlier, name) for name in KEPT_OF_AN_EXPORT}
    return Opened(session.model_copy(update=kept), raw, hunts)


def mark_of(task: Task, owner: str = "") -> str:
    """Return a hash that is equal for two sessions of the same owner and task: of the task ID, else of the content; ""
    if both are empty. It includes the owner so that it reveals nothing about other people's sessions."""
    named = task.metadata.task_id.strip().casefold()
    if not named and not task.prompt.strip():
        return ""
    identity = f"id {named}" if named else f"content {task.content_hash()}"
    return hashlib.sha256(f"{owner}\n{identity}".encode("utf-8", "replace")).hexdigest()[:32]


def opened_task(task: Task, order: OpenOrder, sid: str, now: datetime, name: str = "") -> Opened:
    """Create the session of a typed task, with a notebook generated from it."""
    session = Session(
        session_id=sid,
        name=name or TYPED_NAME,
        owner=order.owner,
        mark=mark_of(task, order.owner),
        created_at=now,
        visibility=order.visibility,
        require_check=order.require_check,
        require_two_sided_check=order.require_two_sided_check,
        judge_cut_replies=order.judge_cut_replies,
        audit=Audit(held=order.audit_held),
        task=task,
        loaded_task=task,
    )
    return Opened(session, blank_notebook(task) if task != Task() else template_notebook())


async def store_session(
    store: SessionStore, opened: Opened, order: OpenOrder, new_id: Callable[[OpenOrder], str]
) -> tuple[Session, bool]:
    """Store a session and its hunts, or find the one that the same idempotency key created. Returns it, and whether it
    is new."""
    session = opened.session
    # Without Redis or library a repeated key is not recognised; the two sessions are merged later.
    with suppress(NotFound, Unavailable):
        while order.idempotency_key:
            if not await store.is_deleted(session.session_id):
                known = await store.read(session.session_id)
                if known.owner == order.owner:
                    return known, False
            order = order.model_copy(update={"idempotency_key": order.idempotency_key + AFTER_DELETION})
            session = session.model_copy(update={"session_id": new_id(order)})
    try:
        await store.create(session, opened.notebook)
    except Conflict:  # a concurrent request with the same key was first
        return await store.read(session.session_id), False
    for place, hunt in enumerate(opened.hunts):
        await store.save_hunt(session.session_id, hunt)
        if place % HUNTS_AT_ONCE == 0:
            await asyncio.sleep(0)  # the store in memory never waits by itself
    return session, True


def new_session_id(order: OpenOrder, secret: Callable[[], bytes], entropy: Entropy) -> str:
    """Return an ID that nobody can guess: derived from the idempotency key and the secret, or random without a key."""
    if order.idempotency_key:
        # Keys are scoped to the owner: another user's equal key must not open this session.
        key = f"{order.owner}\n{order.idempotency_key}" if order.owner else order.idempotency_key
        return session_id(hmac.new(secret(), key.encode(), hashlib.sha256).digest()[:SESSION_ENTROPY_BYTES])
    return session_id(entropy(SESSION_ENTROPY_BYTES))
