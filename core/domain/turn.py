"""An earlier turn of a conversation: its task, and the reply that became part of the history. Read-only."""

from __future__ import annotations

from core.domain.chat import Message
from core.domain.task import Task
from core.domain.value import Value


class Turn(Value):
    number: int
    """From 1."""
    task: Task
    """As it was when the next turn began."""
    hunt_id: str
    """The held hunt whose reply goes on in the history."""
    response: str
    """That reply's text."""

    @property
    def messages(self) -> tuple[Message, Message]:
        """What this turn adds to the history of the later ones."""
        return Message(role="user", content=self.task.prompt), Message(role="assistant", content=self.response)
