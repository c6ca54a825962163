"""Somebody who follows a session through nginx the way a browser does: connects again where the stream ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx

CUT = (httpx.RemoteProtocolError, httpx.ReadError)


@dataclass
class Watcher:
    path: str
    ids: list[str] = field(default_factory=list)
    """Of every event, as they came."""
    farewells: int = 0
    cut: int = 0
    """Streams that ended without a farewell."""
    refused: list[int] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """What else went wrong while it connected or read."""

    async def follow(self, http: httpx.AsyncClient) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self._watch(http)
            except CUT:
                self.cut += 1
            except httpx.HTTPError as error:
                self.failed.append(repr(error))
            await asyncio.sleep(0.2)

    async def _watch(self, http: httpx.AsyncClient) -> None:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self.ids[-1]} if self.ids else {})
        async with http.stream("GET", self.path, headers=headers) as stream:
            if stream.status_code != 200:
                self.refused.append(stream.status_code)
                return
            async for line in stream.aiter_lines():
                if line.startswith("id: "):
                    self.ids.append(line.removeprefix("id: "))
                self.farewells += line == "event: reconnect"
