"""A provider over HTTP whose target replies a test writes, piece by piece; its judge passes everything at once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
VERDICT = json.dumps({"reason": "It does.", "evidence": "", "verdict": "PASS"})
TARGET, JUDGE = "openrouter/target", "openai/judge"


def event(**delta: Any) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"


@dataclass
class TargetCall:
    """One call of the target, in flight."""

    writer: asyncio.StreamWriter
    key: str
    """The key of the process that calls."""
    first_at: float = 0.0
    """When its first text was sent, in seconds since 1970."""
    begun: bool = False

    async def write(self, text: str = "", reasoning: str = "") -> None:
        if not self.begun:
            self.begun, self.first_at = True, time.time()
            self.writer.write(HEAD)
        if reasoning:
            self.writer.write(event(reasoning=reasoning))
        if text:
            self.writer.write(event(content=text))
        await self.writer.drain()

    async def finish(self) -> None:
        self.writer.write(b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
        await self.writer.drain()
        self.writer.close()

    def cut(self) -> None:
        self.writer.transport.abort()

    @property
    def gone(self) -> bool:
        return self.writer.transport.is_closing()


@dataclass
class StreamingProvider:
    port: int = 0
    judged: int = 0
    targets: int = 0
    _calls: asyncio.Queue[TargetCall] = field(default_factory=asyncio.Queue)

    @property
    def settings(self) -> dict[str, str]:
        """For a process that uses it as OpenRouter and OpenAI."""
        address = f"http://127.0.0.1:{self.port}/v1"
        return {
            "OPENROUTER_BASE_URL": address, "OPENROUTER_API_KEY": "key-target", "OPENAI_BASE_URL": address,
            "OPENAI_API_KEY": "key-judge", "RETRY_WAIT": "0.05",
        }  # fmt: skip

    def reset(self) -> None:
        """Forget every call so far."""
        self.judged, self.targets, self._calls = 0, 0, asyncio.Queue()

    async def next_call(self) -> TargetCall:
        """The next call of the target."""
        return await self._calls.get()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        if not head.startswith("post "):  # it has no list of models
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()
            return
        length = next(int(line.partition(":")[2]) for line in head.split("\r\n") if line.startswith("content-length:"))
        body = json.loads(await reader.readexactly(length))
        if body["model"] == "judge":
            self.judged += 1
            call = TargetCall(writer, _key(head))
            await call.write(VERDICT)
            await call.finish()
        else:
            self.targets += 1
            self._calls.put_nowait(TargetCall(writer, _key(head)))


def _key(head: str) -> str:
    line = next(line for line in head.split("\r\n") if line.startswith("authorization:"))
    return line.rpartition(" ")[2]


@asynccontextmanager
async def streaming_provider() -> AsyncIterator[StreamingProvider]:
    provider = StreamingProvider()
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            await provider.serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()  # a connection that was opened in advance, or a process that was killed

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    provider.port = server.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
