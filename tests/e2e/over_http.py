"""A whole runtime whose providers are real HTTP servers on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core.domain.hunt import Hunt
from core.domain.run import RUN_ENDED, Run
from core.eventlog.base import START
from core.hunting.orders import RunOrder
from core.runtime import Runtime, open_runtime
from tests.settings import make_settings

TARGET, JUDGE = "openrouter/hasty", "openai/judge"


@asynccontextmanager
async def runtime_at(port: int, folder: object, **changes: object) -> AsyncIterator[Runtime]:
    """A runtime that takes the server on that port for OpenRouter and OpenAI."""
    address = f"http://127.0.0.1:{port}/v1"
    settings = make_settings(
        **{
            "openrouter__base_url": address, "openrouter__key": "key-target",
            "openai__base_url": address, "openai__key": "key-judge",
            "telemetry__directory": str(folder), "calls__retry_min_wait_s": 0.01, "calls__retry_max_wait_s": 0.05, "calls__max_same_failures": 1000,
        }
        | changes
    )  # fmt: skip
    async with open_runtime(settings, seed=1) as runtime:
        yield runtime


async def hunt_to_the_end(runtime: Runtime, sid: str, hunts: int, **changes: object) -> tuple[Run, list[Hunt]]:
    order = RunOrder(**{"models": (TARGET,), "hunts": hunts, "judge_model": JUDGE} | changes)
    started = await runtime.service.start_run(sid, order)
    async for _ in runtime.events.watch(sid, START):
        run = (await runtime.store.read(sid)).run(started.run_id)
        if run.status in RUN_ENDED and run.finished_at:
            break
    every = await runtime.service.all_hunts(sid)
    return run, [h for h in every if h.run_id == started.run_id]


@asynccontextmanager
async def scripted_server(answer: Callable[[dict], str]) -> AsyncIterator[int]:
    """A server that streams `answer(request body)` as one chat completion; its port."""

    open_: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().lower().split("\r\n")
                length = int(next(line for line in lines if line.startswith("content-length:")).partition(":")[2])
                body = json.loads(await reader.readexactly(length))
                told = _events(answer(body))
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                    + f"content-length: {len(told)}\r\n\r\n".encode() + told
                )  # fmt: skip
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            open_.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in open_:
            writer.close()


def _events(text: str) -> bytes:
    pieces = [text[at : at + 50_000] for at in range(0, len(text), 50_000)]
    chunks: list[dict] = [{"choices": [{"delta": {"content": piece}}]} for piece in pieces]
    chunks.append({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}})
    escaped = any("\ud800" <= c <= "\udfff" for c in text)  # half a surrogate pair travels as an escape only
    told = (json.dumps(c, ensure_ascii=escaped).encode() for c in chunks)
    return b"".join(b"data: " + one + b"\n\n" for one in told) + b"data: [DONE]\n\n"
