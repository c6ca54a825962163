"""The short way through the HTTP client: an open answer, and nothing done that a call to a provider has no use for."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest

from core.providers.http import open_http
from core.providers.transport import StreamedResponse
from core.settings import CallSettings

HEAD = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nSet-Cookie: kept=yes\r\nTransfer-Encoding: chunked\r\n\r\n"


class MovedServer:
    """Answers every request with a redirect, a cookie and one piece of a body; the rest comes when it is let go."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.let_go = asyncio.Event()
        self.address = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await self._request(reader):
            self.heads.append(head)
            writer.write(HEAD + b"5\r\nfirst\r\n")
            await self.let_go.wait()
            writer.write(b"4\r\nlast\r\n0\r\n\r\n")
        writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""


@pytest.fixture
async def moved() -> AsyncIterator[MovedServer]:
    server = MovedServer()
    listener = await asyncio.start_server(server.answer, "127.0.0.1", 0)
    server.address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    async with listener:
        yield server


@pytest.mark.parametrize("transport", ["pyreqwest", "httpx"])
async def test_a_bare_answer_is_open_and_a_redirect_is_not_followed(moved: MovedServer, transport: str) -> None:
    async with open_http(CallSettings(http_transport=transport)) as http:
        response = await http.open("GET", moved.address, {})
        first = await response.read()
        moved.let_go.set()
        rest = [chunk async for chunk in chunks_of(response)]
        await response.aclose()
    assert (response.status, first, b"".join(rest), len(moved.heads)) == (302, b"first", b"last", 1)


async def chunks_of(response: StreamedResponse) -> AsyncIterator[bytes]:
    while (chunk := await response.read()) is not None:
        yield chunk


@pytest.mark.parametrize("transport", ["pyreqwest", "httpx"])
async def test_a_body_that_was_compressed_unasked_is_read(transport: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = gzip.compress(b"as it was")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listener, open_http(CallSettings(http_transport=transport)) as http:
        address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
        response = await http.open("GET", address, {"Accept-Encoding": "identity"})
        assert b"".join([chunk async for chunk in chunks_of(response)]) == b"as it was"
        await response.aclose()


async def test_no_cookie_of_a_provider_is_kept_or_sent(moved: MovedServer) -> None:
    moved.let_go.set()
    async with open_http(CallSettings()) as http:
        for _ in range(2):
            response = await http.open("GET", moved.address, {})
            assert response.headers["set-cookie"] == "kept=yes"
            await response.aclose()
        assert not http.cookies
    assert len(moved.heads) == 2
    assert not [head for head in moved.heads if b"cookie" in head.lower()]
