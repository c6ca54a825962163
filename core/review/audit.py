"""The audit: held hunts drawn at random and mixed into the review desk (decision record 0103).

People review what the judge calls a break. What it missed is among the held hunts, and only a random draw of those says
how much. The draw follows from a seed that the session keeps, so every process draws the same hunts.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from core.domain.hunt import Hunt
from core.domain.session import Session
from core.domain.verdict import Outcome

SEED_CHARS = 32


def draw_is_due(session: Session) -> bool:
    """Whether hunts are missing on the desk: from the first time that the selection fills its slots."""
    full = len(session.selection.hunt_ids) >= session.selection.slots
    return full and session.revealed_at is None and len(session.audited_ids) < session.audit.held


def with_draw(session: Session, hunts: Iterable[Hunt]) -> Session:
    """Return the session with as many drawn hunts as its setting says, or as there are; itself if none is missing.

    Drawn hunts stay drawn. `hunts`: all of the session.
    """
    missing = session.audit.held - len(session.audited_ids)
    seed = session.audit.seed or _seed(session)
    drawn = draw_order(seed, _eligible(session, hunts))[: max(0, missing)]
    if not draw_is_due(session) or not drawn:
        return session
    audit = session.audit.model_copy(update={"seed": seed, "drawn": (*session.audit.drawn, *drawn)})
    return session.model_copy(update={"audit": audit})


def draw_order(seed: str, hunt_ids: Iterable[str]) -> Sequence[str]:
    """Return the IDs in the order in which they are drawn: by the SHA-256 of the seed, a space and the ID."""
    return sorted(hunt_ids, key=lambda hunt_id: hashlib.sha256(f"{seed} {hunt_id}".encode()).digest())


def _eligible(session: Session, hunts: Iterable[Hunt]) -> list[str]:
    """IDs of this turn's held hunts that are neither selected nor drawn, with the same task as a selected one: the
    cards of another task would have other criteria."""
    taken = {*session.selection.hunt_ids, *session.audit.drawn}
    tasks = {run.run_id: run.task.content_hash() for run in session.runs if run.turn == session.turn and not run.trial}
    wanted = {tasks.get(hunt_id.rpartition(".")[0]) for hunt_id in session.selection.hunt_ids}
    return [
        hunt.hunt_id
        for hunt in hunts
        if hunt.outcome is Outcome.HELD and hunt.hunt_id not in taken and tasks.get(hunt.run_id, "") in wanted
    ]


def _seed(session: Session) -> str:
    """Derive the seed from the session's secret, so that two processes that draw at once have the same one."""
    return hmac.new(session.card_secret.encode(), b"audit", hashlib.sha256).hexdigest()[:SEED_CHARS]
