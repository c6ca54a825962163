"""Parses event streams: takes bytes, returns the `data` of complete events.

Replaces httpx-sse: for ten events of a short reply it takes 0.9 ms of CPU per call, this 0.64, bare httpx 0.56 (same
run, same transport), because httpx-sse decodes text and passes every line through three asynchronous generators. Lines
end at \\n or \\r\\n as bytes, so that U+2028 in a JSON string does not end a line. The standard's third line ending, a
single \\r, is not supported: no provider uses it.
"""

from __future__ import annotations

import re

BOM = b"\xef\xbb\xbf"
"""A byte-order mark. The standard allows one before the first event; proxies also put one before each."""

DONE = b"[DONE]"
_BOMS = re.compile(rb"(?:\xef\xbb\xbf)+\s*")


class EventReader:
    """Parses chunks as they arrive. Ignores comments, `event`, `id` and `retry` lines, and empty data."""

    def __init__(self) -> None:
        self._partial: list[bytes] = []
        """Parts of the current line."""
        self._data: list[bytes] = []
        """Data lines of the current event."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of the events completed by this chunk, in order."""
        if b"\n" not in chunk:  # parts are joined once per line, so a long line takes linear time
            self._partial.append(chunk)
            return []
        text = b"".join((*self._partial, chunk))
        if not self._data and b"\r" not in text:
            *events, rest = text.split(b"\n\n")
            if events and all(event.startswith(b"data: ") and b"\n" not in event for event in events):
                self._partial = [rest]  # usual events: one line of data each
                return [event[6:] for event in events]
        lines = text.split(b"\n")
        self._partial = [lines.pop()]
        ended = []
        for line in lines:
            if line in {b"", b"\r"}:
                if self._data:
                    ended.append(self._take())
            elif data := _data_of(line):
                if self._data and self._data[-1].endswith(b"}") and (data == DONE or data.startswith(b"{")):
                    ended.append(
                        self._take()
                    )  # a complete object followed by a new one: the empty line between events is missing
                self._data.append(data)
        return ended

    def rest(self) -> list[bytes]:
        """The rest at the end of the stream; some servers omit the last empty line."""
        return self.feed(b"\n\n")

    def _take(self) -> bytes:
        data, self._data = self._data, []
        return data[0] if len(data) == 1 else b"\n".join(data)


def without_bom(text: bytes) -> bytes:
    """The text without leading byte-order marks and the space after them."""
    return text[marks.end() :] if text.startswith(BOM) and (marks := _BOMS.match(text)) else text


def _data_of(line: bytes) -> bytes:
    """The data of a line; empty for every other field and for comments."""
    if line.startswith(BOM):
        line = without_bom(line)
    return without_bom(line[5:].strip()) if line.startswith(b"data:") else b""
