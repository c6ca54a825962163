"""Live text within one process. A task per watched hunt reads its call; without watchers there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import structlog

from core.clock import Clock
from core.livetext.base import INTERVAL_S, MAX_DELTA_CHARS, MAX_DELTAS_PER_S, GrowingReply, LiveText, TextDelta
from core.livetext.transcript import TextPosition, TextReader, TextStep, Transcript

log = structlog.get_logger(__name__)
Key = tuple[str, str]
"""Session ID and hunt ID: sessions loaded from one export share hunt IDs."""


@dataclass(frozen=True)
class Reading:
    """The task that reads the calls of a watched hunt."""

    reader: TextReader
    task: asyncio.Task[None]


class LocalLiveText(LiveText):
    def __init__(self, clock: Clock, on_bug: Callable[[BaseException], None]) -> None:
        """`on_bug` receives unexpected errors. `close` ends the tasks."""
        self._clock = clock
        self._on_bug = on_bug
        self._calls: dict[Key, GrowingReply] = {}
        self._transcripts: dict[Key, Transcript] = {}
        self._readings: dict[Key, Reading] = {}
        self._watchers = 0

    def begin(self, session_id: str, hunt_id: str, reply: GrowingReply) -> None:
        key = session_id, hunt_id
        self._calls[key] = reply
        if self.is_watched(key):
            self.start_reading(key)

    def end(self, session_id: str, hunt_id: str) -> None:
        self._calls.pop((session_id, hunt_id), None)

    async def watch(self, session_id: str, hunt_id: str) -> AsyncGenerator[TextDelta, None]:
        key, position = (session_id, hunt_id), TextPosition()
        transcript = self.join(key)
        try:
            while True:
                found = transcript.after(position)
                if found is None:
                    await transcript.wait()
                    continue
                delta, position = found
                yield delta
                if len(delta.response) + len(delta.reasoning) < MAX_DELTA_CHARS:
                    await asyncio.sleep(max(INTERVAL_S, self._watchers / MAX_DELTAS_PER_S))
        finally:
            self.leave(key, transcript)

    def watchers(self) -> int:
        return self._watchers

    async def close(self) -> None:
        tasks = [reading.task for reading in self._readings.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # -- for watchers in other processes, see redis.py

    def is_watched(self, key: Key) -> bool:
        return key in self._transcripts

    async def deliver(self, key: Key, reader: TextReader, step: TextStep | None) -> None:  # noqa: ARG002
        """Pass a step to the watchers, after every reading."""
        if step is not None and (transcript := self._transcripts.get(key)) is not None:
            transcript.apply(step)

    def join(self, key: Key) -> Transcript:
        transcript = self._transcripts.setdefault(key, Transcript())
        transcript.watchers += 1
        self._watchers += 1
        if (reading := self._readings.get(key)) is not None:
            transcript.apply(reading.reader.whole())
        elif key in self._calls:
            self.start_reading(key)
        return transcript

    def leave(self, key: Key, transcript: Transcript) -> None:
        transcript.watchers -= 1
        self._watchers -= 1
        if not transcript.watchers and self._transcripts.get(key) is transcript:
            del self._transcripts[key]

    def start_reading(self, key: Key) -> None:
        """Read the hunt's calls until they end or nobody watches. Does nothing if they are being read."""
        if key in self._readings:
            return
        reader = TextReader()
        task = asyncio.create_task(self._read(key, reader), name=f"live text:{key[1]}")
        self._readings[key] = Reading(reader, task)
        task.add_done_callback(lambda task: self._read_to_end(key, task))

    async def _read(self, key: Key, reader: TextReader) -> None:
        while self.is_watched(key):
            reply = self._calls.get(key)
            step = reader.read(reply, int(self._clock.now().timestamp() * 1000))
            await self.deliver(key, reader, step)
            if reply is None:
                return
            await asyncio.sleep(reader.pause_s)

    def _read_to_end(self, key: Key, task: asyncio.Task[None]) -> None:
        del self._readings[key]
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.error("live_text.failed", exc_info=error)
            self._on_bug(error)
        elif key in self._calls and self.is_watched(key):  # a call began, or somebody joined, at the last moment
            self.start_reading(key)
