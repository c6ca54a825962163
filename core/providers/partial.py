"""The received part of a streamed chat completion, for people who watch it being written."""

from __future__ import annotations

from collections.abc import Callable

from core.domain.chat import STOPPED, Reply
from core.providers.base import PartialReply
from core.providers.split_reasoning import may_begin_with_tag

HALF_CHARACTER = "\ufffd"
"""What half of a surrogate pair becomes when a chunk ends inside an emoji."""


class PartialCompletion(PartialReply):
    def __init__(self, progress: Callable[[], int], build_reply: Callable[[], Reply]) -> None:
        """`progress` grows whenever something arrives. `build_reply` returns the reply of it, complete or not."""
        self._progress = progress
        self._build_reply = build_reply

    @property
    def progress(self) -> int:
        return self._progress()

    def read(self) -> Reply:
        reply = self._build_reply()
        text = "" if may_begin_with_tag(reply.text) else reply.text.rstrip(HALF_CHARACTER)
        reasoning = reply.reasoning.rstrip(HALF_CHARACTER)
        return reply.model_copy(update={"text": text, "reasoning": reasoning, "finish_reason": STOPPED})
