"""A provider on loopback that says exactly the bytes that a test puts into its mouth, over HTTP/1.1, plain or TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

OK_SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
OPEN_ENDED = OK_SSE + b"Connection: close\r\n\r\n"
"""The head of a stream whose end is the connection's."""
CHUNKED = OK_SSE + b"Transfer-Encoding: chunked\r\n\r\n"


def stream(*events: bytes) -> bytes:
    """A whole answer: these events, as a stream of known length."""
    body = b"".join(b"data: " + event + b"\n\n" for event in events)
    return OK_SSE + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def whole(status: str, body: bytes, *headers: str, kind: str = "application/json") -> bytes:
    """A whole answer that is no stream."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class RawProvider:
    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    """Heads and bodies as they came."""
    in_flight: int = 0
    scheme: str = "http"

    @property
    def base_url(self) -> str:
        return f"{self.scheme}://{'localhost' if self.scheme == 'https' else '127.0.0.1'}:{self.port}/v1"

    async def until(self, holds: Callable[[RawProvider], bool]) -> None:
        """Wait until it holds; the test's own time limit ends a wait for what never comes."""
        while not holds(self):
            await asyncio.sleep(0.005)


Speak = Callable[[asyncio.StreamWriter], Awaitable[None]]


def says(answer: bytes) -> Speak:
    """Says that, and closes when it said so itself."""

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        if b"\r\nConnection: close\r\n" in answer:
            writer.close()

    return speak


def cut_after(answer: bytes) -> Speak:
    """Says that and resets the connection."""

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.transport.abort()

    return speak


def silent_after(answer: bytes) -> Speak:
    """Says that and nothing more, until the client goes away."""

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await asyncio.Event().wait()

    return speak


@asynccontextmanager
async def raw_provider(*speaks: Speak, certificate: ssl.SSLContext | None = None) -> AsyncIterator[RawProvider]:
    """Speaks the first on the first request and so on; the last one again on all further ones."""
    provider = RawProvider(scheme="https" if certificate else "http")
    open_now: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        provider.connections += 1
        try:
            while not writer.is_closing():
                provider.requests.append(await _request(reader))
                await _spoken(provider, speaks[min(len(provider.requests), len(speaks)) - 1], reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()  # the client has gone

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(talk(reader, writer))
        open_now.add(task)
        await asyncio.wait([task])
        open_now.discard(task)
        writer.transport.abort() if task.cancelled() else writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=certificate)
    provider.port = server.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        server.close()
        for task in open_now:
            task.cancel()
        if open_now:
            await asyncio.wait(open_now)


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
    return head + await reader.readexactly(int(length.partition(b":")[2]))


async def _spoken(
    provider: RawProvider, speak: Speak, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Speaks, unless the client goes away first."""
    provider.in_flight += 1
    speaking = asyncio.ensure_future(speak(writer))
    gone = asyncio.ensure_future(_gone(reader))
    try:
        await asyncio.wait({speaking, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not speaking.done():
            raise ConnectionResetError
        await speaking
    finally:
        provider.in_flight -= 1
        speaking.cancel()
        gone.cancel()


async def _gone(reader: asyncio.StreamReader) -> None:
    """Until the client has closed its side. Clients here send nothing ahead, so bytes are not lost to it."""
    while not reader.at_eof():
        await asyncio.sleep(0.01)
