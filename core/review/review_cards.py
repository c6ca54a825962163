"""The review desk: one card per selected or drawn hunt, with an ID and position that reveal nothing about the hunt."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from core.domain.hunt import Hunt
from core.domain.session import Session

CARD_ID_CHARS = 24


def card_id(session: Session, hunt_id: str) -> str:
    """Return `c_` and 24 hex digits derived from the hunt ID and the session's secret; others cannot compute it."""
    digest = hmac.new(session.card_secret.encode(), hunt_id.encode(), hashlib.sha256).hexdigest()
    return f"c_{digest[:CARD_ID_CHARS]}"


def desk_order(session: Session) -> tuple[str, ...]:
    """Return the desk's hunt IDs in card order: sorted by card ID, which is random but stable."""
    return tuple(sorted(session.desk_ids, key=lambda hunt_id: card_id(session, hunt_id)))


def selected_of(session: Session, on_desk: Sequence[Hunt]) -> tuple[Hunt, ...]:
    """Return the selected ones of the hunts on the desk."""
    return tuple(hunt for hunt in on_desk if hunt.hunt_id in session.selection.hunt_ids)


def hunt_of(session: Session, card_or_hunt_id: str, candidates: Sequence[str]) -> str | None:
    """Return the hunt with this card ID or hunt ID among `candidates`, or None.

    While verdicts are sealed, only card IDs are accepted: the response includes the card and would link it to a hunt.
    """
    if not session.sealed and card_or_hunt_id in candidates:
        return card_or_hunt_id
    return next((i for i in candidates if card_or_hunt_id == card_id(session, i)), None)
