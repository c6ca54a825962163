"""One answer of status 200 as it arrives, an event stream or one JSON body, merged into what a reply consists of.

Which of the two it is shows the body, not the content type: gateways label streams as JSON, send one JSON body to
whoever asked for a stream, and leave the type out.
"""

from __future__ import annotations

import re

from core.providers.sse import EventReader, without_bom
from core.providers.wire import Merge

_FIRST_LINE = re.compile(rb"(?:data|event|id|retry)?:|data\r?\n")
"""How an event stream begins."""
_ENOUGH_TO_TELL = len(b"retry:")


class BadAnswer(Exception):
    """What came is no chat completion. `data`: the part that cannot be read."""

    def __init__(self, data: bytes) -> None:
        super().__init__("not a chat completion")
        self.data = data


class AnswerReader:
    """Fed with chunks as they arrive; `merged` holds what came. Time is linear in the bytes, however they are cut."""

    def __init__(self, max_bytes: int) -> None:
        self.merged = Merge()
        self._max_bytes = max_bytes
        self._size = 0
        self._pieces: list[bytes] = []
        """All of one JSON body; of a stream what came before it was known to be one."""
        self._streamed: bool | None = None
        """None: too little has come to tell."""
        self._events = EventReader()

    @property
    def too_large(self) -> bool:
        return self._size > self._max_bytes

    def feed(self, chunk: bytes) -> None:
        """Merge the events that end in this chunk. Raises BadAnswer for one that is not JSON, if it matters."""
        self._size += len(chunk)
        if self._streamed:
            self._merge(self._events.feed(chunk))
            return
        self._pieces.append(chunk)
        if self._streamed is None:
            self._tell_apart()

    def close(self) -> None:
        """Merge what was begun when the answer ended. Raises BadAnswer as `feed` does."""
        self._merge(self._events.rest() if self._streamed else [b"".join(self._pieces)])

    def _tell_apart(self) -> None:
        begun = without_bom(b"".join(self._pieces).lstrip())
        self._pieces = [begun]
        if _FIRST_LINE.match(begun):
            self._begin_stream()
        elif len(begun) >= _ENOUGH_TO_TELL:
            self._streamed = False

    def _begin_stream(self) -> None:
        self._streamed = True
        begun, self._pieces = b"".join(self._pieces), []
        self._merge(self._events.feed(begun))

    def _merge(self, events: list[bytes]) -> None:
        for event in events:
            try:
                self.merged.add_event(event)
            except ValueError as error:
                if not self.merged.finished:
                    raise BadAnswer(event) from error
