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
_FINISH = re.compile(rb'finish_reason"\s{0,9}:\s{0,9}[^\sn]')
"""A finish reason other than null."""
_MAX_MARK_BYTES = 40
MAX_UNREAD_BYTES = 16 * 1024
"""Takes less than a millisecond to merge."""


class BadAnswer(Exception):
    """The response is not a chat completion. `data`: the invalid part."""

    def __init__(self, data: bytes) -> None:
        super().__init__("not a chat completion")
        self.data = data


class AnswerReader:
    """Parses what arrives into `merged`, in linear time for any chunking.

    A stream is parsed in batches, since the event that matters is the last one and many events at once take less time
    (for 500 of them 2.8 ms instead of 3.7). Until text has begun, and from the finish on, each chunk is parsed as it
    arrives.
    """

    def __init__(self, max_bytes: int) -> None:
        self.merged = Merge()
        self._max_bytes = max_bytes
        self.size = 0
        """Bytes received."""
        self._pieces: list[bytes] = []
        """The whole JSON body, or the bytes before a stream was recognised."""
        self._streamed: bool | None = None
        """None: not enough data yet."""
        self._events = EventReader()
        self._unread: list[bytes] = []
        """Chunks of a stream that are not parsed yet."""
        self._unread_bytes = 0
        self._last_bytes = b""
        """The end of the chunk before: a mark may be split."""

    @property
    def too_large(self) -> bool:
        return self.size > self._max_bytes

    def feed(self, chunk: bytes) -> None:
        """Take a chunk. Whether the reply has begun or is finished is known from then on; its text may be parsed later.
        Raises BadAnswer for invalid JSON, unless the reply is already finished."""
        self.size += len(chunk)
        if not self._streamed:
            self._pieces.append(chunk)
            if self._streamed is None:
                self._detect_format()
            return
        self._unread.append(chunk)
        self._unread_bytes += len(chunk)
        around = self._last_bytes + chunk
        self._last_bytes = around[-_MAX_MARK_BYTES:]
        if self._unread_bytes > MAX_UNREAD_BYTES or not self.merged.begun or _may_end(around):
            self.parse()

    def parse(self) -> None:
        """Merge all events that have arrived. Raises BadAnswer as `feed` does."""
        if self._unread:
            unread, self._unread, self._unread_bytes = b"".join(self._unread), [], 0
            self._merge(self._events.feed(unread))

    def close(self) -> None:
        """Merge the rest at the end of the response. Raises BadAnswer as `feed` does."""
        self.parse()
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
        for event in self.merged.add_plain_events(events):
            try:
                self.merged.add_event(event)
            except ValueError as error:
                if not self.merged.finished:
                    raise BadAnswer(event) from error


def _may_end(data: bytes) -> bool:
    """Whether an event in the data may finish the reply. Plain searches are faster than one pattern."""
    return b"[DONE]" in data or b'"error"' in data or _FINISH.search(data) is not None
