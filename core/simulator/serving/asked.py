"""What a client asked for: the part of a chat completion request that the simulated provider reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from core.domain.chat import Message, Role

ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


@dataclass(frozen=True, slots=True)
class Asked:
    model: str
    messages: tuple[Message, ...]
    stream: bool
    wants_usage: bool

    @property
    def chars(self) -> int:
        return sum(len(message.content) for message in self.messages)


def read_asked(body: bytes) -> Asked:
    """The request in `body`. Raises ValueError that says what is wrong with it."""
    asked = json.loads(body)
    if not isinstance(asked, dict) or not isinstance(asked.get("model"), str) or not asked["model"]:
        raise ValueError("it names no model")
    rows = asked.get("messages")
    if not isinstance(rows, list) or not rows:
        raise ValueError("it has no messages")
    stream_options, usage = asked.get("stream_options"), asked.get("usage")
    wants_usage = any(
        isinstance(options, dict) and bool(options.get(name))
        for options, name in ((stream_options, "include_usage"), (usage, "include"))
    )
    return Asked(asked["model"], tuple(_message(row) for row in rows), asked.get("stream") is True, wants_usage)


def _message(row: Any) -> Message:
    role = ROLES.get(str(row.get("role"))) if isinstance(row, dict) else None
    if role is None:
        raise ValueError("a message has no role that is known here")
    return Message(role=role, content=_text(row.get("content")))


def _text(content: Any) -> str:
    """The text of a message: a string, or the texts of its typed parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
