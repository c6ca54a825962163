"""Live text of several processes over Redis pub/sub, which stores nothing.

A process that has watchers publishes which hunts it watches, at every change and every `RENEW_S`. The process that
makes a hunt's call sends the text so far, then each step, to the channel of every process that watches. A lost step is
noticed by its number; the watching process then asks for the whole text again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from core.clock import Clock
from core.errors import RedisAway
from core.livetext.base import LiveText
from core.livetext.local import Key, LocalLiveText
from core.livetext.transcript import TextReader, TextStep, Transcript
from core.redis.client import RedisClients, map_redis_errors, with_deadline
from core.redis.keys import WATCHED_TEXT_CHANNEL, text_channel
from core.supervise import running

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger(__name__)
RENEW_S = 2.0
LEASE_S = 3 * RENEW_S
"""A process that has not renewed for this long no longer watches."""
LISTEN_S = 3.0
"""Longest wait for a message, after which the task looks whether it has ended."""
AGAIN_S = 0.5
"""Pause before listening again after Redis failed."""
PUBLISH_INTERVAL_S = 0.02
"""Shortest pause between two messages about what is watched: several changes become one."""
MAX_LEASES = 20_000
"""Hunts that other processes watch, as far as this process remembers them."""


class RedisLiveText(LocalLiveText):
    """Open it with `open_redis_live_text`."""

    def __init__(
        self,
        redis: RedisClients,
        process: str,
        clock: Clock,
        on_bug: Callable[[BaseException], None],
        *,
        timeout_s: float,
    ) -> None:
        """`process`: the unique name of this process. `timeout_s`: deadline of a Redis command."""
        super().__init__(clock, on_bug)
        self._redis = redis
        self._process = process
        self._timeout_s = timeout_s
        self._leases: dict[Key, dict[str, float]] = {}
        """Processes that watch a hunt, and until when (monotonic) without a renewal."""
        self._behind: set[tuple[Key, str]] = set()
        """Processes that need the whole text of a hunt."""
        self._incomplete: set[Key] = set()
        """Hunts whose whole text this process needs."""
        self._watching = False
        """Whether the others know of hunts that this process watches."""
        self._news = asyncio.Event()
        self._ended = False

    # -- as the process that makes calls

    def end(self, session_id: str, hunt_id: str) -> None:
        super().end(session_id, hunt_id)
        if (session_id, hunt_id) in self._transcripts:  # another process may continue the hunt
            self._incomplete.add((session_id, hunt_id))

    def is_watched(self, key: Key) -> bool:
        return super().is_watched(key) or bool(self._processes(key))

    async def deliver(self, key: Key, reader: TextReader, step: TextStep | None) -> None:
        await super().deliver(key, reader, step)
        for process in self._processes(key):
            sent = step
            if (key, process) in self._behind:
                self._behind.discard((key, process))
                sent = reader.whole()
            if sent is not None and not await self._send(key, process, sent):
                return

    async def _send(self, key: Key, process: str, step: TextStep) -> bool:
        """Send a step. Returns False if Redis fails: then every other process has to begin to watch again."""
        try:
            message = orjson.dumps({"hunt": key, **asdict(step)})
            heard = await self._publish(text_channel(process), message)
        except RedisAway as error:
            log.debug("live_text.send_failed", reason=error.message)
            self._leases.clear()
            self._behind.clear()
            return False
        if not heard:  # that process has ended, or is connecting again
            self._drop(key, process)
        return True

    def _processes(self, key: Key) -> tuple[str, ...]:
        """The processes that watch the hunt."""
        if (leases := self._leases.get(key)) is None:
            return ()
        now = time.monotonic()
        for process in [process for process, until in leases.items() if until < now]:
            self._drop(key, process)
        return tuple(leases)

    def _drop(self, key: Key, process: str) -> None:
        leases = self._leases.get(key, {})
        leases.pop(process, None)
        self._behind.discard((key, process))
        if not leases:
            self._leases.pop(key, None)

    def _take_watched(self, process: str, watched: Iterable[tuple[str, str, bool]]) -> None:
        """Take in what another process watches: all of it."""
        until = time.monotonic() + LEASE_S
        named = {(session_id, hunt_id): behind for session_id, hunt_id, behind in watched}
        for key in [key for key, leases in self._leases.items() if process in leases and key not in named]:
            self._drop(key, process)
        if len(self._leases) + len(named) > MAX_LEASES:
            for key in list(self._leases):
                self._processes(key)  # drops those that have ended
        for key, behind in named.items():
            if key not in self._leases and len(self._leases) >= MAX_LEASES:
                continue
            leases = self._leases.setdefault(key, {})
            if behind or process not in leases:
                self._behind.add((key, process))
            leases[process] = until
            if key in self._calls:
                self.start_reading(key)

    # -- as the process that watches

    def join(self, key: Key) -> Transcript:
        is_new = key not in self._transcripts
        transcript = super().join(key)
        if is_new and key not in self._calls:
            self._incomplete.add(key)
            self._news.set()
        return transcript

    def leave(self, key: Key, transcript: Transcript) -> None:
        super().leave(key, transcript)
        if key not in self._transcripts:
            self._incomplete.discard(key)
            self._news.set()

    async def publish_watched(self) -> None:
        """Publish what this process watches, until `stop`; runs as a task of the owner."""
        while not self._ended:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RENEW_S):
                    await self._news.wait()
            self._news.clear()
            if self._transcripts or self._watching:
                await self._publish_once()

    async def _publish_once(self) -> None:
        elsewhere = [key for key in self._transcripts if key not in self._calls]
        watched = [(*key, key in self._incomplete) for key in elsewhere]
        asked = self._incomplete & set(elsewhere)
        try:
            await self._publish(WATCHED_TEXT_CHANNEL, orjson.dumps({"process": self._process, "watched": watched}))
        except RedisAway as error:
            log.debug("live_text.publish_failed", reason=error.message)
            self._incomplete.update(elsewhere)
        else:
            self._incomplete -= asked
            self._watching = bool(elsewhere)
        await asyncio.sleep(PUBLISH_INTERVAL_S)

    async def listen(self) -> None:
        """Receive what other processes watch, and texts, until `stop`; runs as a task of the owner."""
        while not self._ended:
            try:
                with map_redis_errors():
                    await self._receive_messages(self._redis.blocking)
            except RedisAway as error:
                log.debug("live_text.listen_failed", reason=error.message)
            await asyncio.sleep(AGAIN_S)

    def stop(self) -> None:
        """Make the tasks end at their next iteration: redis-py sometimes swallows a cancellation."""
        self._ended = True
        self._news.set()

    async def _receive_messages(self, redis: Redis) -> None:
        async with redis.pubsub() as pubsub:
            await pubsub.subscribe(text_channel(self._process), WATCHED_TEXT_CHANNEL)
            while not self._ended:
                message = await pubsub.get_message(timeout=LISTEN_S)
                if message is None:
                    continue
                if message["type"] == "subscribe":  # steps may have been missed before
                    self._incomplete.update(self._transcripts)
                    self._news.set()
                elif message["type"] == "message":
                    self._receive(message["channel"].decode(), message["data"])

    def _receive(self, channel: str, data: bytes) -> None:
        """Take in a message; one of a release with another format is ignored."""
        try:
            message = orjson.loads(data)
            if channel == WATCHED_TEXT_CHANNEL:
                if message["process"] != self._process:
                    self._take_watched(message["process"], message["watched"])
            else:
                session_id, hunt_id = message.pop("hunt")
                self._take_step((session_id, hunt_id), TextStep(**message))
        except (ValueError, TypeError, KeyError) as error:
            log.debug("live_text.message_ignored", error=str(error))

    def _take_step(self, key: Key, step: TextStep) -> None:
        transcript = self._transcripts.get(key)
        if transcript is not None and not transcript.apply(step):
            self._incomplete.add(key)
            self._news.set()

    async def _publish(self, channel: str, message: bytes) -> int:
        """Publish to a channel. Returns how many listened."""
        async with with_deadline(self._timeout_s):
            heard: Any = await self._redis.commands.publish(channel, message)
        return int(heard)


@asynccontextmanager
async def open_live_text(
    redis: RedisClients | None,
    process: str,
    clock: Clock,
    on_bug: Callable[[BaseException], None],
    *,
    timeout_s: float,
) -> AsyncIterator[LiveText]:
    """Open the live text of this process alone, or of all that share the Redis. Its tasks end with the block."""
    if redis is None:
        alone = LocalLiveText(clock, on_bug)
        try:
            yield alone
        finally:
            await alone.close()
        return
    live = RedisLiveText(redis, process, clock, on_bug, timeout_s=timeout_s)
    try:
        async with running(on_bug, text_watched=live.publish_watched, text_listen=live.listen):
            try:
                yield live
            finally:
                live.stop()
    finally:
        await live.close()
