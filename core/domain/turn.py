"""An earlier turn of a conversation: its task, and the reply that became part of the history. Read-only."""

from __future__ import annotations

from core.domain.chat import Message
from core.domain.task import Task
from core.domain.value import Value


class Turn(Value):
    number: int
    """From 1."""
    task: Task
    """The task when the turn was closed."""
    hunt_id: str
    """The held hunt whose reply joined the history."""
    response: str
    """That reply's text."""
    selected: tuple[str, ...] = ()
    """The selected hunts when the turn was closed, for undoing the next turn."""

    @property
    def messages(self) -> tuple[Message, Message]:
        """The messages that this turn adds to the history."""
        return Message(role="user", content=self.task.prompt), Message(role="assistant", content=self.response)
