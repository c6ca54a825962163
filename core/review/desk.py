"""The review desk: one card per selected hunt, named and ordered so that nothing about the hunt can be told from it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from core.domain.session import Session

CARD_ID_CHARS = 24


def card_id(session: Session, hunt_id: str) -> str:
    """`c_` and 24 letters that follow from the hunt's id and the session's secret; nobody else can compute them."""
    digest = hmac.new(session.card_secret.encode(), hunt_id.encode(), hashlib.sha256).hexdigest()
    return f"c_{digest[:CARD_ID_CHARS]}"


def desk_order(session: Session) -> tuple[str, ...]:
    """The selected hunts' ids as their cards lie on the desk: by card, which is by chance and stays so."""
    return tuple(sorted(session.selection.hunt_ids, key=lambda hunt_id: card_id(session, hunt_id)))


def hunt_of(session: Session, card_or_hunt_id: str, candidates: Sequence[str]) -> str | None:
    """The hunt that a card's or a hunt's id names, of these; None when it names none of them.

    While the judge's opinion is sealed hunts' ids name nothing here: the answer holds the card, and would tell which
    hunt's it is."""
    if not session.sealed and card_or_hunt_id in candidates:
        return card_or_hunt_id
    return next((i for i in candidates if card_or_hunt_id == card_id(session, i)), None)
