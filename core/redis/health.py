"""The health of Redis as seen by this process.

A single failed command marks Redis as down, so callers never wait: later writes go to memory and the journal. It is up
again after several successful probes in a row (`min_good_probes`) and once its owner has restored all sessions.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from core.clock import Clock
from core.errors import RedisAway
from core.redis.client import with_deadline
from core.redis.keys import MARKER, probe_key

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger(__name__)

PROBE_LIFE_MS = 60_000


class RedisHealthState(StrEnum):
    UP = "up"
    HEALING = "healing"
    """Redis answers, and sessions are being moved back to it."""
    DOWN = "down"


class RedisHealth:
    def __init__(self, redis: Redis, clock: Clock, *, instance: str, timeout_s: float) -> None:
        """Down until the first probe. `on_change` is called on every state change."""
        self._redis = redis
        self._clock = clock
        self._probe = probe_key(instance)
        self._timeout_s = timeout_s
        self.state = RedisHealthState.DOWN
        self.reason = "Redis has not answered yet."
        self.since: datetime | None = clock.now()
        self.latency_ms: float | None = None
        self.data_name: str | None = None
        """The name that `probe` returned when Redis was last up; a different name means that data may be lost."""
        self.on_change: Callable[[], None] = lambda: None
        self.on_time: Callable[[float, float], None] = lambda _server_s, _round_trip_s: None
        """Called with Redis's time in seconds since 1970 and the round trip of the reply."""

    def mark_down(self, error: RedisAway) -> None:
        """Mark Redis as down after a failed command."""
        self.reason = error.message
        if self.state is RedisHealthState.DOWN:
            return
        if self.state is RedisHealthState.UP:
            self.since = self._clock.now()
        self.state = RedisHealthState.DOWN
        self.latency_ms = None
        log.warning("redis.unavailable", reason=error.reason)
        self.on_change()

    def mark_recovering(self) -> None:
        self.state = RedisHealthState.HEALING
        self.on_change()

    def mark_up(self) -> None:
        if self.since is not None and self.state is not RedisHealthState.UP:
            log.info("redis.available", after_s=round((self._clock.now() - self.since).total_seconds(), 1))
        self.state, self.reason, self.since = RedisHealthState.UP, "", None
        self.on_change()

    async def probe(self) -> str:
        """Write a key and return the name of this Redis process and its data.

        The name changes when Redis is restarted, emptied or replaced; its data may then be older than ours.
        Raises RedisAway.
        """
        began = self._clock.monotonic()
        async with with_deadline(self._timeout_s):
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.set(self._probe, b"1", px=PROBE_LIFE_MS)
            pipeline.get(MARKER)
            pipeline.info("server")
            pipeline.time()
            sent_at = self._clock.monotonic()
            _, marker, server, (seconds, micros) = await pipeline.execute()
            self.on_time(seconds + micros / 1e6, self._clock.monotonic() - sent_at)
            if marker is None:  # an empty Redis: the first process names the data
                ours = secrets.token_hex(8).encode()
                marker = await self._redis.set(MARKER, ours, nx=True, get=True) or ours
        self.latency_ms = round((self._clock.monotonic() - began) * 1000, 2)
        return f"{server.get('run_id', '')}:{marker.decode()}"
