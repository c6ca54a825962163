"""The raw request and reply of a hunt, reassembled from their stored parts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from core.domain.chat import Message, Reply
from core.domain.hunt import Hunt
from core.domain.parameters import Parameters
from core.domain.session import Session
from core.domain.task import Task


def request_of(hunt: Hunt, session: Session) -> dict[str, Any]:
    """The body that the provider was sent, without credentials; only its messages if it is unknown."""
    run = session.run(hunt.run_id)
    messages = messages_of(hunt.parameters, session.history(run.turn), run.task)
    return {**_object(hunt.reply.raw_request if hunt.reply else ""), "messages": messages}


def messages_of(parameters: Parameters, history: Sequence[Message], task: Task) -> list[dict[str, Any]]:
    prompt = parameters.system_prompt
    system = [] if prompt is None else [{"role": "system", "content": prompt}]
    earlier = [message.model_dump() for message in history]
    return [*system, *earlier, {"role": "user", "content": task.prompt}]


def reply_of(reply: Reply) -> dict[str, Any]:
    whole = {**_object(reply.raw_reply), "content": reply.text}
    return {**whole, "reasoning": reply.reasoning} if reply.reasoning else whole


def _object(text: str) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}
