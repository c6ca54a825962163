"""How a session begins: from a notebook (a template, a finished task, our own export) or from a typed-in task."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.hunt import Hunt
from core.domain.session import Session


@dataclass(frozen=True)
class Opened:
    session: Session
    notebook: bytes
    hunts: tuple[Hunt, ...] = ()
    """What the notebook brought of an earlier session of ours."""
