"""The httpx transport on pyreqwest that calls to providers go through.

pyreqwest comes with a transport of its own, but a streamed call needs three things that it lacks (0.15):

- It collects up to 64 kB of a body before it hands out the head, so a reply of a few words is never streamed and
  cannot be cancelled while it comes. Here the read buffer is 0 and chunks are passed on as they arrive.
- A request that is cancelled before its head has come goes on in the background, unseen, and nothing can end it: only
  its head or a timeout does. Here it is hung up on then, and whoever holds its slot is told when it is really gone
  (decision record 0010).
- One HTTP/2 connection carries as many streams as the server allows, commonly 100; the 101st waits in line although
  it holds a slot. Here every `CALLS_PER_CLIENT` calls in flight get a client, and with it a connection, of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx
from pyreqwest import exceptions as pyreqwest
from pyreqwest.client import Client
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response, ResponseBodyReader

from core.providers.base import OnLeft

CALLS_PER_CLIENT = 90
"""Under the 100 streams per connection that most servers allow."""
ON_LEFT = "model_hunter.on_left"
"""Extension of a request: called with the future of its end when it is cancelled and still goes on."""

FOREIGN: dict[type[pyreqwest.PyreqwestError], type[httpx.RequestError]] = {
    pyreqwest.ConnectTimeoutError: httpx.ConnectTimeout,
    pyreqwest.ReadTimeoutError: httpx.ReadTimeout,
    pyreqwest.WriteTimeoutError: httpx.WriteTimeout,
    pyreqwest.PoolTimeoutError: httpx.PoolTimeout,
    pyreqwest.RequestTimeoutError: httpx.ReadTimeout,
    pyreqwest.ConnectError: httpx.ConnectError,
    pyreqwest.WriteError: httpx.WriteError,
    pyreqwest.DecodeError: httpx.DecodingError,
    pyreqwest.RedirectError: httpx.TooManyRedirects,
    pyreqwest.BuilderError: httpx.UnsupportedProtocol,
}
"""pyreqwest's errors in httpx's words, the more exact first. What is not here is a ReadError."""
CONNECTING = "client error (Connect)"
"""Among the causes of what failed before there was a connection. pyreqwest calls everything before the head so."""
WHEN_CONNECTED: dict[type[httpx.RequestError], type[httpx.RequestError]] = {
    httpx.ConnectTimeout: httpx.ReadTimeout,
    httpx.ConnectError: httpx.ReadError,
}


@dataclass
class HttpConnection:
    """One pyreqwest client and the calls that are in flight on it."""

    client: Client
    calls: int = 0


class PyreqwestTransport(httpx.AsyncBaseTransport):
    """Raises httpx.RequestError for every failure, also in mid body. Cancelling closes the request's stream.

    A request that is cancelled before its head has come is left to a task of this transport, which hangs up when the
    head comes or a timeout of the client strikes; the request's `ON_LEFT` is called with that task.
    """

    def __init__(self, build_client: Callable[[], Client]) -> None:
        """Raises pyreqwest's BuilderError when a client cannot be built."""
        self._build_client = build_client
        self._lines = [HttpConnection(build_client())]
        self._hanging_up: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        line = self._least_busy()
        call = _built(line.client, request)
        line.calls += 1
        head = asyncio.create_task(_head(call), name="provider-head")
        try:
            response = await asyncio.shield(head)
        except asyncio.CancelledError:
            self._hang_up(line, call, head, request.extensions.get(ON_LEFT))
            raise
        except pyreqwest.PyreqwestError as error:
            line.calls -= 1
            raise translated(error, request) from error
        return httpx.Response(
            response.status,
            headers=list(response.headers.items()),
            stream=Body(line, call, response.body_reader, request),
            extensions={"http_version": response.version.encode()},
        )

    async def aclose(self) -> None:
        """Close every connection; requests in flight fail."""
        for line in self._lines:
            await line.client.close()
        await asyncio.gather(*self._hanging_up)

    def _least_busy(self) -> HttpConnection:
        """The first client with room: calls gather on few connections, and further ones are made when needed."""
        for line in self._lines:
            if line.calls < CALLS_PER_CLIENT:
                return line
        self._lines.append(HttpConnection(self._build_client()))
        return self._lines[-1]

    def _hang_up(
        self, line: HttpConnection, call: StreamRequest, head: asyncio.Task[Response], on_left: OnLeft | None
    ) -> None:
        leaving = asyncio.create_task(_leave(line, call, head), name="provider-hang-up")
        self._hanging_up.add(leaving)
        leaving.add_done_callback(self._hanging_up.discard)
        if on_left is not None:
            on_left(leaving)


class Body(httpx.AsyncByteStream):
    """A response's body as it arrives; closing it early closes the request's stream."""

    def __init__(
        self, line: HttpConnection, call: StreamRequest, reader: ResponseBodyReader, request: httpx.Request
    ) -> None:
        self._line = line
        self._call: StreamRequest | None = call
        self._reader = reader
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = self._reader.read_chunk
        try:
            while (chunk := await read()) is not None:
                yield bytes(chunk)
        except pyreqwest.PyreqwestError as error:
            raise translated(error, self._request) from error

    async def aclose(self) -> None:
        if self._call is not None:
            call, self._call = self._call, None
            self._line.calls -= 1
            await call.__aexit__(None, None, None)


def _built(client: Client, request: httpx.Request) -> StreamRequest:
    try:
        return (
            client.request(request.method, str(request.url))
            .headers(request.headers.multi_items())
            .body_bytes(request.content)
            .streamed_read_buffer_limit(0)
            .build_streamed()
        )
    except ValueError as error:  # its words repeat the header, which may be the key
        raise httpx.LocalProtocolError("the address or a header cannot be sent", request=request) from error
    except pyreqwest.PyreqwestError as error:
        raise translated(error, request) from error


async def _head(call: StreamRequest) -> Response:
    return await call.__aenter__()


async def _leave(line: HttpConnection, call: StreamRequest, head: asyncio.Task[Response]) -> None:
    try:
        await head
        await call.__aexit__(None, None, None)
    except pyreqwest.PyreqwestError:
        return  # nobody is left who wants to know how it failed
    finally:
        line.calls -= 1


def translated(error: pyreqwest.PyreqwestError, request: httpx.Request) -> httpx.RequestError:
    """The same failure as an httpx error; its message tells the causes too."""
    kind = next((ours for theirs, ours in FOREIGN.items() if isinstance(error, theirs)), httpx.ReadError)
    causes = error.details.get("causes") if isinstance(error, pyreqwest.DetailedPyreqwestError) else None
    told = list(dict.fromkeys(cause["message"] for cause in causes or ()))
    if CONNECTING not in told:
        kind = WHEN_CONNECTED.get(kind, kind)
    return kind(": ".join(told or [error.message]), request=request)
