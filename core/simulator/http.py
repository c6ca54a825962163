"""HTTP/1.1 with h11 over asyncio, for what a web framework rules out: torn bodies, cut streams, silent connections.

One request at a time on a connection; what a client sends ahead waits in the buffer. When a client disconnects, the
handling of its request is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import cast

import h11

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 32 * 1024 * 1024
_HEADERS = (("Server", "model-hunter-simulated"), ("X-Simulated", "true"))
_CONTINUE = h11.InformationalResponse(status_code=100, headers=[], reason="Continue")


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """Without the query."""
    authorization: str
    body: bytes


class Response:
    """Writes one response. Everything written before a pause goes out as one piece, as from a buffered socket."""

    def __init__(self, protocol: h11.Connection, transport: asyncio.Transport) -> None:
        self._protocol = protocol
        self._transport = transport
        self._unsent: list[bytes] = []

    def start(
        self, status: int, content_type: str, *, length: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Without a `length`, the body is sent in chunks. One that is shorter than `length` must end with `cut`."""
        size = ("Transfer-Encoding", "chunked") if length is None else ("Content-Length", str(length))
        rows = (("Content-Type", content_type), size, *(headers or {}).items(), *_HEADERS)
        self._add(_head(status, rows))

    def write(self, body: bytes, *, last: bool = False) -> None:
        self._add(h11.Data(data=body))
        if last:
            self._add(h11.EndOfMessage())

    def send(self, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        """A complete response."""
        self.start(status, content_type, length=len(body), headers=headers)
        self.write(body, last=True)

    async def pause(self, seconds: float) -> None:
        """Send what was written, then nothing for `seconds`."""
        self.flush()
        await asyncio.sleep(seconds)

    def cut(self) -> None:
        """Close the connection after what was written, whether or not the response is complete."""
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        if self._unsent:
            self._transport.write(b"".join(self._unsent))
            self._unsent.clear()

    def _add(self, event: h11.Event) -> None:
        self._unsent.append(self._protocol.send(event) or b"")


@lru_cache(maxsize=1_024)
def _head(status: int, headers: tuple[tuple[str, str], ...]) -> h11.Response:
    """Cached, since h11 validates every header that it is given."""
    return h11.Response(status_code=status, headers=list(headers), reason=HTTPStatus(status).phrase)


Handler = Callable[[Request, Response], Awaitable[None]]


class Connection(asyncio.Protocol):
    """One client's connection: reads its requests and handles them, one after the other."""

    def __init__(self, handle: Handler, connections: set[Connection]) -> None:
        self._handle = handle
        self._connections = connections
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._received = asyncio.Event()
        self._unread_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its class
        self._connections.add(self)
        self._task = asyncio.get_running_loop().create_task(self._serve(), name="simulated connection")

    def data_received(self, data: bytes) -> None:
        self._unread_bytes += len(data)
        if self._unread_bytes > 2 * (MAX_HEAD_BYTES + MAX_BODY_BYTES):  # sends ahead without end
            self._transport.abort()
        self._protocol.receive_data(data)
        self._received.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 – asyncio's signature
        self._connections.discard(self)
        self._task.cancel()

    async def close(self) -> None:
        """End the connection and the handling of its request now."""
        self._transport.abort()
        await asyncio.wait([self._task])

    async def _serve(self) -> None:
        try:
            while request := await self._read_request():
                response = Response(self._protocol, self._transport)
                await self._handle(request, response)
                response.flush()
                if self._protocol.our_state is not h11.DONE:
                    break
                self._protocol.start_next_cycle()
        except h11.RemoteProtocolError as error:
            refusal = Response(self._protocol, self._transport)
            refusal.send(error.error_status_hint, b"", "text/plain")
            refusal.flush()
        except Exception as error:  # noqa: BLE001 – reported at once; unhandled, it would be when the task is collected
            context = {"message": "simulated call failed unexpectedly", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
        finally:
            self._transport.close()

    async def _read_request(self) -> Request | None:
        """The next request; None when the client sends no more. Raises RemoteProtocolError."""
        head = await self._next_event()
        if not isinstance(head, h11.Request):
            return None
        body = bytearray()
        while isinstance(event := await self._next_event(), h11.Data):
            body += event.data
            if len(body) > MAX_BODY_BYTES:
                raise h11.RemoteProtocolError("The body is too large", error_status_hint=413)
        self._unread_bytes = 0
        authorization = next((value for name, value in head.headers if name == b"authorization"), b"")
        path = head.target.decode("ascii").partition("?")[0]
        return Request(head.method.decode("ascii"), path, authorization.decode("latin-1"), bytes(body))

    async def _next_event(self) -> object:
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            if self._protocol.they_are_waiting_for_100_continue:
                self._transport.write(self._protocol.send(_CONTINUE) or b"")
            self._received.clear()
            await self._received.wait()
        return event
