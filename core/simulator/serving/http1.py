"""As much of HTTP/1.1 as a provider needs: requests with a length in, whole or chunked answers out, over asyncio.

One request at a time on a connection; what a client sends ahead waits in the buffer. A client that goes away
cancels what is being done for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

HEAD_MOST_BYTES = 64 * 1024
BODY_MOST_BYTES = 32 * 1024 * 1024
_MARK = b"Server: model-hunter-simulated\r\nX-Simulated: true\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """Without the query."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in small letters."""
    body: bytes = b""


class BadHead(Exception):
    """The bytes are no request that we read; carries the status of the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(HTTPStatus(status).phrase)
        self.status = status


def take_request(buffer: bytearray) -> Request | None:
    """The first whole request of `buffer`, taken out of it; None when more bytes are needed. Raises BadHead."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0 or end > HEAD_MOST_BYTES:
        if len(buffer) > HEAD_MOST_BYTES:
            raise BadHead(431)
        return None
    method, path, headers = _head(bytes(buffer[:end]))
    if "transfer-encoding" in headers:
        raise BadHead(411)
    length_text = headers.get("content-length", "0")
    if not (length_text.isascii() and length_text.isdigit()):
        raise BadHead(400)
    length = int(length_text[:12])
    if length > BODY_MOST_BYTES:
        raise BadHead(413)
    if len(buffer) < end + 4 + length:
        return None
    body = bytes(buffer[end + 4 : end + 4 + length])
    del buffer[: end + 4 + length]
    return Request(method, path, headers, body)


def _head(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *rest = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadHead(400)
    headers = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadHead(400)
        headers[name.strip().lower()] = value.strip()
    return parts[0], parts[1].partition("?")[0], headers


CHUNK_BYTES = 1_021
"""Most bytes of a stream's chunk: no event, and no letter of two bytes, need end where one does."""


class Answer:
    """Writes one answer. What it writes is bounded by the reply's own size, so it does not wait for the socket.

    What is written in one turn of the loop goes out as one piece, as it does from a server behind a buffered socket:
    head, events and end of a reply without pauses are then one read for the client, in as few chunks as there can be.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.begun = False
        self._chunked = False
        self._soon = False
        self._unsent = b""
        self._pieces: list[bytes] = []
        """Of a stream, not yet framed as a chunk."""

    def whole(self, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        """A complete answer."""
        self._write(self._head(status, content_type, headers, len(body)) + body)

    def part_of_whole(self, status: int, body: bytes, content_type: str, missing_bytes: int) -> None:
        """An answer whose length promises more than comes; to be followed by `cut`."""
        self._write(self._head(status, content_type, None, len(body) + missing_bytes) + body)

    def stream(self, status: int, content_type: str) -> None:
        """The head of an answer that comes in pieces."""
        self._chunked = True
        self._write(self._head(status, content_type, {"Cache-Control": "no-cache"}, None))

    def pieces(self, *pieces: bytes, last: bool = False) -> None:
        """Pieces of a stream; `last` ends the answer as HTTP ends it."""
        self._pieces += filter(None, pieces)
        self._write(b"0\r\n\r\n" if last else b"")

    def cut(self) -> None:
        """Close the connection after what was written, whether or not the answer was complete."""
        self._send()
        self._transport.close()

    def _write(self, data: bytes) -> None:
        if not self._soon:
            self._soon = True
            asyncio.get_running_loop().call_soon(self._send)
        if data:
            self._unsent += self._framed() + data

    def _framed(self) -> bytes:
        """The pieces that wait, as chunks."""
        body, self._pieces = b"".join(self._pieces), []
        chunks = (body[start : start + CHUNK_BYTES] for start in range(0, len(body), CHUNK_BYTES))
        return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)

    def _send(self) -> None:
        self._soon = False
        if data := self._unsent + self._framed():
            self._unsent = b""
            self._transport.write(data)

    def _head(self, status: int, content_type: str, headers: Mapping[str, str] | None, length: int | None) -> bytes:
        self.begun = True
        size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        further = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        start = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {content_type}\r\n{size}\r\n{further}"
        return start.encode("latin-1") + _MARK + b"\r\n"


Handler = Callable[[Request, Answer], Awaitable[None]]


class Connection(asyncio.Protocol):
    """One client's connection: reads requests, has each handled by a task of its own, one after the other."""

    def __init__(self, handle: Handler, open_connections: set[Connection]) -> None:
        self._handle = handle
        self._open_connections = open_connections
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its class
        self._open_connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > 2 * BODY_MOST_BYTES:  # sends ahead without end
            self.close()
        elif self._task is None:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 – asyncio's signature
        self._open_connections.discard(self)
        if self._task:
            self._task.cancel()

    def close(self) -> None:
        """Ends the connection now, and what is being done for it."""
        if self._transport:
            self._transport.abort()

    async def finished(self) -> None:
        """Waits until nothing is done for this connection any more."""
        if self._task:
            await asyncio.wait([self._task])

    def _next(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        try:
            request = take_request(self._buffer)
        except BadHead as bad:
            refusal = Answer(self._transport)
            refusal.whole(bad.status, b"", "text/plain", {"Connection": "close"})
            refusal.cut()
            return
        if request is None:
            self._encourage(self._transport)
            return
        answer = Answer(self._transport)
        self._task = asyncio.create_task(self._answer(request, answer), name="simulated call")
        self._task.add_done_callback(self._answered)

    async def _answer(self, request: Request, answer: Answer) -> None:
        await self._handle(request, answer)
        if request.headers.get("connection", "").lower() == "close":
            answer.cut()

    def _encourage(self, transport: asyncio.Transport) -> None:
        """A client that asks before it sends a large body is told to go on."""
        end = self._buffer.find(b"\r\n\r\n")
        if end >= 0 and len(self._buffer) == end + 4 and b"100-continue" in self._buffer[:end].lower():
            transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled():
            self.close()
        elif error := task.exception():
            self.close()
            loop = task.get_loop()
            loop.call_exception_handler({"message": "A simulated call ended in a bug", "exception": error})
        else:
            self._next()
