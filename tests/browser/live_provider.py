"""The streaming provider of tests/e2e in a thread of this process, for tests that drive a browser."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.e2e.streaming_provider import StreamingProvider, TargetCall, streaming_provider

Result = TypeVar("Result")
WITHIN_S = 30


class LiveProvider:
    """Writes replies piece by piece, as the test says."""

    def __init__(self, provider: StreamingProvider, loop: asyncio.AbstractEventLoop) -> None:
        self.settings = provider.settings
        self._provider = provider
        self._loop = loop

    def next_call(self) -> LiveCall:
        return LiveCall(self.run(self._provider.next_call()), self)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WITHIN_S)


class LiveCall:
    def __init__(self, call: TargetCall, provider: LiveProvider) -> None:
        self.call = call
        self._provider = provider

    def write(self, text: str = "", reasoning: str = "") -> None:
        self._provider.run(self.call.write(text, reasoning))

    def finish(self) -> None:
        self._provider.run(self.call.finish())

    def cut(self) -> None:
        async def cut() -> None:
            self.call.cut()

        self._provider.run(cut())


@contextmanager
def live_provider() -> Iterator[LiveProvider]:
    ready: threading.Event = threading.Event()
    opened: list[LiveProvider] = []
    ended: list[asyncio.Event] = []

    async def serve() -> None:
        async with streaming_provider() as provider:
            ended.append(asyncio.Event())
            opened.append(LiveProvider(provider, asyncio.get_running_loop()))
            ready.set()
            await ended[0].wait()

    thread = threading.Thread(target=lambda: asyncio.new_event_loop().run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(WITHIN_S)
    try:
        yield opened[0]
    finally:
        opened[0]._loop.call_soon_threadsafe(ended[0].set)
        thread.join(WITHIN_S)
