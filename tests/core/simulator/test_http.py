"""Requests off the wire: whole, in pieces, several at once, and those that are no requests."""

import asyncio
import contextlib

import pytest

from core.simulator import http
from core.simulator.http import MAX_HEAD_BYTES, Connection

POST = b"POST /v1/x?a=b HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer k\r\nContent-Length: 3\r\n\r\nabc"
CHUNKED = b"POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"


@pytest.fixture
def connect():
    """`async with connect() as (requests, reader, writer)`: a connection, and the requests that were read of it."""

    @contextlib.asynccontextmanager
    async def connected():
        requests, connections = [], set()

        async def handle(request, response):
            requests.append((request.method, request.path, request.authorization, request.body))
            response.send(200, b"ok", "text/plain")
            if request.path == "/hold":
                await response.pause(3600)
            if request.path == "/fail":
                raise LookupError("a bug")

        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(handle, connections), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            yield requests, reader, writer
        finally:
            writer.close()
            server.close()
            for connection in list(connections):
                await connection.close()

    return connected


async def statuses(reader, count):
    """The status lines of `count` responses without a body of interest."""
    found = []
    for _ in range(count):
        found.append(int((await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]))
        await reader.readexactly(2)
    return found


@pytest.mark.parametrize("cut", [1, 4, 20, len(POST) - 1])
async def test_a_request_in_pieces_is_read_when_it_is_whole(connect, cut):
    async with connect() as (requests, reader, writer):
        writer.write(POST[:cut])
        await writer.drain()
        await asyncio.sleep(0)
        assert requests == []
        writer.write(POST[cut:])
        assert await statuses(reader, 1) == [200]
    assert requests == [("POST", "/v1/x", "Bearer k", b"abc")]


async def test_requests_sent_ahead_are_read_one_by_one(connect):
    async with connect() as (requests, reader, writer):
        writer.write(POST + CHUNKED + POST)
        assert await statuses(reader, 3) == [200, 200, 200]
    assert [(path, body) for _, path, _, body in requests] == [("/v1/x", b"abc"), ("/c", b"abc"), ("/v1/x", b"abc")]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\r\n\r\n\r\n", 400),
        (b"hello\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"GET / HTTP/2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \xb2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n" + b"x" * 11, 413),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n" + b"x" * 11 + b"\r\n0\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: h\r\nx: " + b"a" * MAX_HEAD_BYTES, 431),
    ],
)
async def test_what_is_no_request_gets_a_status_and_the_connection_is_closed(connect, monkeypatch, sent, status):
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 10)
    async with connect() as (requests, reader, writer):
        writer.write(sent)
        assert (await reader.read()).startswith(b"HTTP/1.1 %d " % status)
    assert requests == []


async def test_a_client_that_sends_ahead_without_end_is_disconnected(connect, monkeypatch):
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 10)
    async with connect() as (_, reader, writer):
        writer.write(b"GET /hold HTTP/1.1\r\nHost: h\r\n\r\n")
        await reader.readuntil(b"ok")
        writer.write(b"x" * 200_000)
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_an_unexpected_error_is_reported_at_once_and_closes_the_connection(connect):
    reported = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
    async with connect() as (_, reader, writer):
        writer.write(b"GET /fail HTTP/1.1\r\nHost: h\r\n\r\n")
        assert await reader.read() == b""
    assert [str(error) for error in reported] == ["a bug"]
