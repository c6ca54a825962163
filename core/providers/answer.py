"""Parses a response of status 200 as it arrives: an event stream or one JSON body, merged into a reply.

The format is detected from the body, not the content type: gateways label streams as JSON, send one JSON body for a
streaming request, and omit the type.
"""

from __future__ import annotations

import re

from core.providers.sse import EventReader, without_bom
from core.providers.wire import Merge

_FIRST_LINE = re.compile(rb"(?:data|event|id|retry)?:|data\r?\n")
"""The beginning of an event stream."""
_MIN_DETECT_BYTES = len(b"retry:")


class BadAnswer(Exception):
    """The response is not a chat completion. `data`: the invalid part."""

    def __init__(self, data: bytes) -> None:
        super().__init__("not a chat completion")
        self.data = data


class AnswerReader:
    """Parses chunks as they arrive into `merged`, in linear time for any chunking."""

    def __init__(self, max_bytes: int) -> None:
        self.merged = Merge()
        self._max_bytes = max_bytes
        self._size = 0
        self._pieces: list[bytes] = []
        """The whole JSON body, or the bytes before a stream was recognised."""
        self._streamed: bool | None = None
        """None: not enough data yet."""
        self._events = EventReader()

    @property
    def too_large(self) -> bool:
        return self._size > self._max_bytes

    def feed(self, chunk: bytes) -> None:
        """Merge the events completed by this chunk. Raises BadAnswer for invalid JSON, unless the reply is already
        finished."""
        self._size += len(chunk)
        if self._streamed:
            self._merge(self._events.feed(chunk))
            return
        self._pieces.append(chunk)
        if self._streamed is None:
            self._detect_format()

    def close(self) -> None:
        """Merge the rest at the end of the response. Raises BadAnswer as `feed` does."""
        self._merge(self._events.rest() if self._streamed else [b"".join(self._pieces)])

    def _detect_format(self) -> None:
        head = without_bom(b"".join(self._pieces).lstrip())
        self._pieces = [head]
        if _FIRST_LINE.match(head):
            self._begin_stream()
        elif len(head) >= _MIN_DETECT_BYTES:
            self._streamed = False

    def _begin_stream(self) -> None:
        self._streamed = True
        head, self._pieces = b"".join(self._pieces), []
        self._merge(self._events.feed(head))

    def _merge(self, events: list[bytes]) -> None:
        for event in events:
            try:
                self.merged.add_event(event)
            except ValueError as error:
                if not self.merged.finished:
                    raise BadAnswer(event) from error
