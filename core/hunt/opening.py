"""How a session begins: from a notebook (a template, a finished task, our own export) or from a typed-in task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.domain.hunt import Hunt
from core.domain.session import Session
from core.domain.task import Task
from core.hunt.orders import OpenOrder
from core.notebooks.parse import LoadedNotebook


@dataclass(frozen=True)
class Opened:
    session: Session
    notebook: bytes
    hunts: tuple[Hunt, ...] = ()
    """What the notebook brought of an earlier session of ours."""
