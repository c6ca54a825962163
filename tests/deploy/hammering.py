"""Clients that ask through nginx without pause while replicas come and go, and count what failed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx


@dataclass
class Asked:
    """What came back: how often each (method, status), and what did not come back at all."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    resent: int = 0
    """Reads sent again because the server closed an idle connection at that moment (RFC 9112, 9.3.1)."""

    def failed(self) -> dict[tuple[str, int], int]:
        return {what: times for what, times in self.answers.items() if what[1] >= 400}


@asynccontextmanager
async def hammering(
    address: str, *requests: tuple[str, str, object], clients: int = 4, pause_s: float = 0.0
) -> AsyncIterator[Asked]:
    """`clients` of each (method, path, JSON) at once, each asking again `pause_s` after it has its answer."""
    asked = Asked()
    over = asyncio.Event()
    async with httpx.AsyncClient(base_url=address, timeout=30) as http, asyncio.TaskGroup() as group:
        for method, path, body in requests * clients:
            group.create_task(_ask(http, method, path, body, asked, over, pause_s), name=f"{method} {path}")
        try:
            yield asked
        finally:
            over.set()


async def _ask(
    http: httpx.AsyncClient, method: str, path: str, body: object, asked: Asked, over: asyncio.Event, pause_s: float
) -> None:
    while not over.is_set():
        try:
            answer = await _send(http, method, path, body, asked)
        except httpx.HTTPError as error:
            asked.broken.append(f"{method} {path}: {error!r}")
        else:
            asked.answers[method, answer.status_code] += 1
        await asyncio.sleep(pause_s)


async def _send(http: httpx.AsyncClient, method: str, path: str, body: object, asked: Asked) -> httpx.Response:
    """One request. Like a browser, sends a read again on a new connection when an idle one is closed under it:
    nginx does so when it reloads."""
    try:
        return await http.request(method, path, json=body)
    except httpx.RemoteProtocolError:
        if method != "GET":
            raise
    asked.resent += 1
    async with httpx.AsyncClient(base_url=http.base_url, timeout=http.timeout) as fresh:
        return await fresh.request(method, path, json=body)
