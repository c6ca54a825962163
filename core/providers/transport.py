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
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import httpx
from pyreqwest import exceptions as pyreqwest
from pyreqwest.client import Client
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

from core.providers.base import OnLeft

CALLS_PER_CLIENT = 90
"""Under the 100 streams per connection that most servers allow."""
PLAIN = frozenset({None, "", "identity"})
"""Values of `Content-Encoding` for a body that is not compressed."""

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


class StreamedResponse(ABC):
    """A response whose body is read chunk by chunk. The caller closes it."""

    status: int
    headers: Mapping[str, str]
    """Names in any case."""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @abstractmethod
    async def read(self) -> bytes | None:
        """The next chunk of the body as it arrives, uncompressed; None at the end. Raises httpx.RequestError."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the response. Before the end of the body this also ends the request at the server."""


class HttpxResponse(StreamedResponse):
    """A response that httpx reads, and decompresses: we never ask for compression, but some proxies compress."""

    def __init__(self, response: httpx.Response) -> None:
        self.status, self.headers = response.status_code, response.headers
        self._response = response
        plain = response.headers.get("content-encoding") in PLAIN
        self._chunks = response.aiter_raw() if plain else response.aiter_bytes()

    async def read(self) -> bytes | None:
        return await anext(self._chunks, None)

    async def aclose(self) -> None:
        await self._response.aclose()


class PyreqwestResponse(StreamedResponse):
    """A response that pyreqwest reads, without decompressing it."""

    def __init__(self, connection: HttpConnection, call: StreamRequest, response: Response) -> None:
        self.status, self.headers = response.status, response.headers
        self.is_compressed = response.get_header("content-encoding") not in PLAIN
        self._version = response.version
        self._connection = connection
        self._call: StreamRequest | None = call
        self._read_chunk = response.body_reader.read_chunk

    async def read(self) -> bytes | None:
        try:
            chunk = await self._read_chunk()
        except pyreqwest.PyreqwestError as error:
            raise httpx_error(error) from error
        return None if chunk is None else bytes(chunk)

    async def aclose(self) -> None:
        if self._call is not None:
            call, self._call = self._call, None
            self._connection.calls -= 1
            await call.__aexit__(None, None, None)

    def as_httpx(self) -> httpx.Response:
        headers, extensions = list(self.headers.items()), {"http_version": self._version.encode()}
        return httpx.Response(self.status, headers=headers, stream=_Body(self), extensions=extensions)


class _Body(httpx.AsyncByteStream):
    """The body of a response for httpx's interface."""

    def __init__(self, response: StreamedResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._response.read()) is not None:
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


class PyreqwestTransport(httpx.AsyncBaseTransport):
    """Raises httpx.RequestError for every failure, also in the body. Cancelling closes the request's stream."""

    def __init__(self, build_client: Callable[[], Client]) -> None:
        """Raises pyreqwest's BuilderError if a client cannot be built."""
        self._build_client = build_client
        self._connections = [HttpConnection(build_client())]
        self._hanging_up: set[asyncio.Task[None]] = set()

    async def open(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes, on_left: OnLeft | None = None
    ) -> PyreqwestResponse:
        """Send a request and return its response with an unread body, as the server encoded it.

        If it is cancelled before the headers arrive, a task of this transport closes the request when they arrive or
        the client times out; `on_left` is called with that task.
        """
        connection = self._idlest()
        call = _build_request(connection.client, method, url, headers, content)
        connection.calls += 1
        head = asyncio.create_task(_head(call), name="provider-head")
        try:
            received = await asyncio.shield(head)
        except asyncio.CancelledError:
            self._hang_up(connection, call, head, on_left)
            raise
        except pyreqwest.PyreqwestError as error:
            connection.calls -= 1
            raise httpx_error(error) from error
        return PyreqwestResponse(connection, call, received)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The same for httpx's own interface."""
        response = await self.open(request.method, str(request.url), dict(request.headers), request.content)
        return response.as_httpx()

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


def _build_request(client: Client, method: str, url: str, headers: Mapping[str, str], content: bytes) -> StreamRequest:
    try:
        return (
            client.request(method, url)
            .headers(headers)
            .body_bytes(content)
            .streamed_read_buffer_limit(0)
            .build_streamed()
        )
    except ValueError as error:  # the message repeats the header, which may contain the key
        raise httpx.LocalProtocolError("invalid URL or header") from error
    except pyreqwest.PyreqwestError as error:
        raise httpx_error(error) from error


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


def httpx_error(error: pyreqwest.PyreqwestError) -> httpx.RequestError:
    """The same failure as an httpx error; the message includes the causes."""
    kind = next((ours for theirs, ours in HTTPX_ERRORS.items() if isinstance(error, theirs)), httpx.ReadError)
    causes = error.details.get("causes") if isinstance(error, pyreqwest.DetailedPyreqwestError) else None
    messages = list(dict.fromkeys(cause["message"] for cause in causes or ()))
    if CONNECTING not in messages:
        kind = CONNECTED_ERRORS.get(kind, kind)
    return kind(": ".join(messages or [error.message]))
