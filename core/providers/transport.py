"""An httpx transport on pyreqwest for calls to providers.

It replaces pyreqwest's own transport (0.15), which lacks three things that streamed calls need:

- pyreqwest buffers up to 64 kB of a body before it returns the headers, so short replies are not streamed and cannot be
  cancelled. Here the read buffer is 0 and chunks are returned as they arrive.
- A request cancelled before its headers arrive continues in the background until they arrive or a timeout expires.
  Here it is closed at that moment, and the slot's holder is notified (decision record 0010).
- One HTTP/2 connection carries as many streams as the server allows, commonly 100; the 101st is queued although it
  holds a slot. Here every `CALLS_PER_CLIENT` calls in flight share a client, and so a connection, of their own.
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
"""Request extension: called with the future of the request's end if it continues after cancellation."""

HTTPX_ERRORS: dict[type[pyreqwest.PyreqwestError], type[httpx.RequestError]] = {
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
"""pyreqwest's errors as httpx errors, specific ones first. Others map to ReadError."""
CONNECTING = "client error (Connect)"
"""A cause of errors before the connection exists. pyreqwest raises ConnectError for any error before the headers."""
CONNECTED_ERRORS: dict[type[httpx.RequestError], type[httpx.RequestError]] = {
    httpx.ConnectTimeout: httpx.ReadTimeout,
    httpx.ConnectError: httpx.ReadError,
}


@dataclass
class HttpConnection:
    """One pyreqwest client and the calls that are in flight on it."""

    client: Client
    calls: int = 0


class PyreqwestTransport(httpx.AsyncBaseTransport):
    """Raises httpx.RequestError for every failure, also in the body. Cancelling closes the request's stream.

    If a request is cancelled before its headers arrive, a task of this transport closes it when they arrive or the
    client times out; the request's `ON_LEFT` is called with that task.
    """

    def __init__(self, build_client: Callable[[], Client]) -> None:
        """Raises pyreqwest's BuilderError if a client cannot be built."""
        self._build_client = build_client
        self._connections = [HttpConnection(build_client())]
        self._hanging_up: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        connection = self._idlest()
        call = _build_request(connection.client, request)
        connection.calls += 1
        head = asyncio.create_task(_head(call), name="provider-head")
        try:
            response = await asyncio.shield(head)
        except asyncio.CancelledError:
            self._hang_up(connection, call, head, request.extensions.get(ON_LEFT))
            raise
        except pyreqwest.PyreqwestError as error:
            connection.calls -= 1
            raise httpx_error(error, request) from error
        return httpx.Response(
            response.status,
            headers=list(response.headers.items()),
            stream=Body(connection, call, response.body_reader, request),
            extensions={"http_version": response.version.encode()},
        )

    async def aclose(self) -> None:
        """Close every connection; requests in flight fail."""
        for connection in self._connections:
            await connection.client.close()
        await asyncio.gather(*self._hanging_up)

    def _idlest(self) -> HttpConnection:
        """The first client below its limit, to use few connections; creates a client if all are full."""
        for connection in self._connections:
            if connection.calls < CALLS_PER_CLIENT:
                return connection
        self._connections.append(HttpConnection(self._build_client()))
        return self._connections[-1]

    def _hang_up(
        self, connection: HttpConnection, call: StreamRequest, head: asyncio.Task[Response], on_left: OnLeft | None
    ) -> None:
        leaving = asyncio.create_task(_hang_up_after_head(connection, call, head), name="provider-hang-up")
        self._hanging_up.add(leaving)
        leaving.add_done_callback(self._hanging_up.discard)
        if on_left is not None:
            on_left(leaving)


class Body(httpx.AsyncByteStream):
    """A response body as a stream; closing it early closes the request's stream."""

    def __init__(
        self, connection: HttpConnection, call: StreamRequest, reader: ResponseBodyReader, request: httpx.Request
    ) -> None:
        self._connection = connection
        self._call: StreamRequest | None = call
        self._reader = reader
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = self._reader.read_chunk
        try:
            while (chunk := await read()) is not None:
                yield bytes(chunk)
        except pyreqwest.PyreqwestError as error:
            raise httpx_error(error, self._request) from error

    async def aclose(self) -> None:
        if self._call is not None:
            call, self._call = self._call, None
            self._connection.calls -= 1
            await call.__aexit__(None, None, None)


def _build_request(client: Client, request: httpx.Request) -> StreamRequest:
    try:
        return (
            client.request(request.method, str(request.url))
            .headers(request.headers.multi_items())
            .body_bytes(request.content)
            .streamed_read_buffer_limit(0)
            .build_streamed()
        )
    except ValueError as error:  # the message repeats the header, which may contain the key
        raise httpx.LocalProtocolError("invalid URL or header", request=request) from error
    except pyreqwest.PyreqwestError as error:
        raise httpx_error(error, request) from error


async def _head(call: StreamRequest) -> Response:
    return await call.__aenter__()


async def _hang_up_after_head(connection: HttpConnection, call: StreamRequest, head: asyncio.Task[Response]) -> None:
    try:
        await head
        await call.__aexit__(None, None, None)
    except pyreqwest.PyreqwestError:
        return  # the caller is gone
    finally:
        connection.calls -= 1


def httpx_error(error: pyreqwest.PyreqwestError, request: httpx.Request) -> httpx.RequestError:
    """The same failure as an httpx error; the message includes the causes."""
    kind = next((ours for theirs, ours in HTTPX_ERRORS.items() if isinstance(error, theirs)), httpx.ReadError)
    causes = error.details.get("causes") if isinstance(error, pyreqwest.DetailedPyreqwestError) else None
    messages = list(dict.fromkeys(cause["message"] for cause in causes or ()))
    if CONNECTING not in messages:
        kind = CONNECTED_ERRORS.get(kind, kind)
    return kind(": ".join(messages or [error.message]), request=request)
