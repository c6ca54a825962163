"""Whether Redis can be worked with at this moment, decided in one place for this process.

One failed question takes it down at once: the caller must be answered, and what it wrote goes elsewhere from then on.
It is up again after several good looks in a row (`min_good_probes`), and only when its owner has put everything back.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

import structlog
from redis.asyncio import Redis

from core.clock import Clock
from core.errors import RedisAway
from core.redis.client import with_deadline
from core.redis.keys import MARKER, probe_key

log = structlog.get_logger(__name__)

PROBE_LIFE_MS = 60_000


class RedisHealthState(StrEnum):
    UP = "up"
    HEALING = "healing"
    """Redis answers, and what was kept elsewhere is being put back."""
    DOWN = "down"


class RedisHealth:
    def __init__(self, redis: Redis, clock: Clock, *, instance: str, timeout_s: float) -> None:
        """Down until it has been looked at. `on_change` is called whenever the state changes."""
        self._redis = redis
        self._clock = clock
        self._probe = probe_key(instance)
        self._timeout_s = timeout_s
        self.state = RedisHealthState.DOWN
        self.reason = "Redis has not answered yet."
        self.since: datetime | None = clock.now()
        self.latency_ms: float | None = None
        self.data_name: str | None = None
        """What `look` said when all was in order; another name means that data may be lost."""
        self.on_change: Callable[[], None] = lambda: None
        self.on_time: Callable[[float, float], None] = lambda _server_s, _round_trip_s: None
        """Told what Redis's clock shows, in seconds since 1970, and how long the answer took."""

    def failed(self, error: RedisAway) -> None:
        """Somebody's question was not answered."""
        self.reason = error.message
        if self.state is RedisHealthState.DOWN:
            return
        if self.state is RedisHealthState.UP:
            self.since = self._clock.now()
        self.state = RedisHealthState.DOWN
        self.latency_ms = None
        log.warning("redis is away, memory stands in", reason=error.reason)
        self.on_change()

    def healing(self) -> None:
        self.state = RedisHealthState.HEALING
        self.on_change()

    def back(self) -> None:
        if self.since is not None and self.state is not RedisHealthState.UP:
            log.info("redis is there", after_s=round((self._clock.now() - self.since).total_seconds(), 1))
        self.state, self.reason, self.since = RedisHealthState.UP, "", None
        self.on_change()

    async def look(self) -> str:
        """Write a little, and read who is there: the name of this Redis process and of its data.

        The name changes when Redis was restarted, emptied or replaced: then its data may be older than ours.
        Raises RedisAway.
        """
        began = self._clock.monotonic()
        async with with_deadline(self._timeout_s):
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.set(self._probe, b"1", px=PROBE_LIFE_MS)
            pipeline.get(MARKER)
            pipeline.info("server")
            pipeline.time()
            asked_at = self._clock.monotonic()
            _, marker, server, (seconds, micros) = await pipeline.execute()
            self.on_time(seconds + micros / 1e6, self._clock.monotonic() - asked_at)
            if marker is None:  # empty: whoever is first gives the data its name
                ours = secrets.token_hex(8).encode()
                marker = await self._redis.set(MARKER, ours, nx=True, get=True) or ours
        self.latency_ms = round((self._clock.monotonic() - began) * 1000, 2)
        return f"{server.get('run_id', '')}:{marker.decode()}"
