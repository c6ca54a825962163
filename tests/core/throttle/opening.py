"""Throttles on a real Redis, as several processes would have them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from core.clock import Clock, SystemClock
from core.redis.client import open_redis
from core.settings import RedisSettings, ThrottleSettings
from core.throttle.adaptive import Adaptive
from core.throttle.redis import RedisThrottle, open_redis_throttle

BRISK = ThrottleSettings(lease_s=1.0, renew_s=0.1, poll_s=0.05, leave_s=0.3)


@asynccontextmanager
async def a_process(
    url: str,
    *,
    limits: Iterable[tuple[str, int]] = (("lab", 2),),
    max_queue: int = 1000,
    settings: ThrottleSettings = BRISK,
    clock: Clock | None = None,
    adaptive: Adaptive | None = None,
) -> AsyncIterator[RedisThrottle]:
    """A process's throttle, with clients of its own."""
    name = f"p-{secrets.token_hex(4)}"
    async with (
        open_redis(RedisSettings(url=url, timeout_s=0.5), name) as redis,
        open_redis_throttle(
            redis,
            name,
            limits,
            settings=replace(settings, max_queued_calls=max_queue),
            timeout_s=0.5,
            clock=clock or SystemClock(),
            adaptive=adaptive or Adaptive(),
            on_bug=pytest.fail,
        ) as throttle,
    ):
        yield throttle
